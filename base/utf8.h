// Whole texts in UTF-8. Pure. Any thread.
#pragma once

#include <string_view>

#include "base/text.h"

namespace limpet {

// Whether all of it is UTF-8, as a text message has to be (RFC 6455 5.6).
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace limpet
