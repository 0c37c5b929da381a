// What a cookie says, whatever is wrong with one that says nothing.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "affinity/cookie_codec.h"

namespace limpet::test {

inline std::optional<affinity::CookieContent> content_of(const affinity::CookieCodec& codec,
                                                         std::string_view value, std::string_view pool,
                                                         WallTime now, std::optional<Duration> max_age) {
  auto opened = codec.open(value, pool, now, max_age);
  auto* const content = std::get_if<affinity::CookieContent>(&opened);
  return content != nullptr ? std::optional(std::move(*content)) : std::nullopt;
}

}  // namespace limpet::test
