// ShortText: a text that cannot be moved, of at most 255 bytes. The usual keys need no memory of their own:
// cookie keys take 16 bytes, UUIDs 36, the longest IPv6 address 39. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace limpet::affinity {

class ShortText {
 public:
  ShortText() = default;
  ~ShortText() { assign({}); }
  ShortText(const ShortText&) = delete;
  ShortText& operator=(const ShortText&) = delete;

  void assign(std::string_view text);
  [[nodiscard]] std::string_view view() const noexcept {
    return {size_ > kInlineBytes ? longer() : bytes_.data(), size_};
  }

 private:
  static constexpr std::size_t kInlineBytes = 39;

  [[nodiscard]] char* longer() const noexcept {
    char* text = nullptr;
    std::memcpy(&text, bytes_.data(), sizeof text);
    return text;
  }

  // The text, or where it is when it is longer than this. Aligned for that address: leak checkers look for
  // addresses in such places only.
  alignas(char*) std::array<char, kInlineBytes> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace limpet::affinity
