// Keys: what a terminal sends when somebody types, as ECMA-48 and xterm have it. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limpet::console {

struct Key {
  enum class Kind : std::uint8_t {
    Text,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Backspace,
    Redraw
  };
  Kind kind = Kind::Text;
  std::string text{};  // of Text: one printable character

  [[nodiscard]] bool is(std::string_view character) const noexcept {
    return kind == Kind::Text && text == character;
  }
  friend bool operator==(const Key&, const Key&) = default;
};

// Of what one read gave; sequences that are not known are passed over.
[[nodiscard]] std::vector<Key> keys_of(std::string_view bytes);

}  // namespace limpet::console
