// Parameters: what stands behind the question mark of a call, decoded and checked against the names that the
// call knows (RFC 3986 2.1; '+' is a space, as forms send it). Pure. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/source.h"

namespace limpet::admin {

class Parameters {
 public:
  // Refuses unknown and repeated names: a filter with a typing error must not list everything.
  [[nodiscard]] static OrRefusal<Parameters> parse(std::string_view query,
                                                   std::span<const std::string_view> known);

  // None when it is not there.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  // Empty when it is not there.
  [[nodiscard]] std::string text_or_empty(std::string_view name) const { return text(name).value_or(""); }
  // Of what is numbered from 1: the last one that the caller has seen; 0 when it is not there.
  [[nodiscard]] OrRefusal<std::uint64_t> number_seen(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace limpet::admin
