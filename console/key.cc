#include "console/key.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace limpet::console {

namespace {

constexpr char kEscape = '\x1b';

struct Sequence {
  std::string_view tail;  // behind ESC [ or ESC O
  Key::Kind kind;
};
constexpr std::array kSequences{Sequence{"A", Key::Kind::Up},      Sequence{"B", Key::Kind::Down},
                                Sequence{"H", Key::Kind::Home},    Sequence{"F", Key::Kind::End},
                                Sequence{"1~", Key::Kind::Home},   Sequence{"4~", Key::Kind::End},
                                Sequence{"5~", Key::Kind::PageUp}, Sequence{"6~", Key::Kind::PageDown}};

bool is_final(char c) noexcept {
  return c >= '@' && c <= '~';
}

// Takes an escape sequence off the front.
void take_sequence(std::string_view& bytes, std::vector<Key>& keys) {
  bytes.remove_prefix(1);
  if (bytes.empty() || (bytes.front() != '[' && bytes.front() != 'O')) {
    keys.push_back({Key::Kind::Escape});
    return;
  }
  bytes.remove_prefix(1);
  const auto end = std::ranges::find_if(bytes, is_final);
  const std::size_t length =
      end == bytes.end() ? bytes.size() : static_cast<std::size_t>(end - bytes.begin()) + 1;
  const auto known = std::ranges::find(kSequences, bytes.substr(0, length), &Sequence::tail);
  if (known != kSequences.end()) {
    keys.push_back({known->kind});
  }
  bytes.remove_prefix(length);
}

}  // namespace

std::vector<Key> keys_of(std::string_view bytes) {
  constexpr char kDelete = '\x7f';
  constexpr char kFormFeed = '\f';  // Ctrl-L
  std::vector<Key> keys;
  while (!bytes.empty()) {
    const char c = bytes.front();
    if (c == kEscape) {
      take_sequence(bytes, keys);
      continue;
    }
    const std::size_t length = utf8_length(bytes);
    if (c == '\r' || c == '\n') {
      keys.push_back({Key::Kind::Enter});
    } else if (c == kDelete || c == '\b') {
      keys.push_back({Key::Kind::Backspace});
    } else if (c == kFormFeed) {
      keys.push_back({Key::Kind::Redraw});
    } else if (length > 0 && (c < 0 || c >= ' ')) {
      keys.push_back({Key::Kind::Text, std::string(bytes.substr(0, length))});
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return keys;
}

}  // namespace limpet::console
