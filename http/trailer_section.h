// TrailerSection: gathers the lines behind the last chunk, bounded, each checked by the rules of a head's
// fields and refused when it would change what has passed already (RFC 9110 6.5.1, RFC 9112 7.1.2). Owned by
// BodyFramer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/fault.h"

namespace limpet::http {

class TrailerSection {
 public:
  struct Answer {
    std::size_t consumed = 0;
    bool complete = false;  // the blank line has passed
    Fault fault{};          // the section is broken when this is not empty
  };

  // Takes at most one line; neither complete nor fault means that there is more to read.
  [[nodiscard]] Answer read(std::string_view input);
  // After complete: the lines, each with its CRLF, without the blank line.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  [[nodiscard]] Fault check_line(std::string_view line) noexcept;

  std::string text_;
  std::uint32_t line_start_ = 0;  // in text_: where the line that is being gathered begins
  std::uint32_t lines_ = 0;
};

}  // namespace limpet::http
