// Numbers and texts as bytes, for what limpet keeps in files and tells another process of itself:
// append_...() writes, ByteReader reads, strictly. Pure. Any thread.
//   fixed    little endian, as many bytes as the type has
//   varint   seven bits a byte, the lowest first, the top bit says that more follow; the shortest form alone
//   text     a varint and so many bytes
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace limpet {

template <std::unsigned_integral T>
void append_fixed(std::string& out, T value) {
  constexpr unsigned kByteBits = 8;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (i * kByteBits))));
  }
}

inline constexpr unsigned kVarintBits = 7;
inline constexpr std::uint8_t kVarintMore = 0x80;

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= kVarintMore) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value) | kVarintMore));
    value >>= kVarintBits;
  }
  out.push_back(static_cast<char>(value));
}

inline void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

// Reads off the front of borrowed bytes. Once something was not there or not well formed, ok() is false and
// every further answer is zero or empty: who reads a whole record asks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  template <std::unsigned_integral T>
  [[nodiscard]] T fixed() noexcept {
    const std::string_view bytes = take(sizeof(T));
    T value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
      value =
          static_cast<T>(static_cast<std::uint64_t>(value) << 8U | static_cast<std::uint8_t>(bytes[i - 1]));
    }
    return value;
  }

  // At most `most`.
  [[nodiscard]] std::uint64_t varint(std::uint64_t most) noexcept {
    constexpr unsigned kLastShift = 63;  // behind which one bit is left
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= kLastShift; shift += kVarintBits) {
      const auto byte = fixed<std::uint8_t>();
      const std::uint64_t bits = byte & (kVarintMore - 1U);
      const bool is_too_long = (byte == 0 && shift > 0) || (shift == kLastShift && bits > 1);
      if (!ok_ || is_too_long) {
        return fail();
      }
      value |= bits << shift;
      if ((byte & kVarintMore) == 0) {
        return value <= most ? value : fail();
      }
    }
    return fail();
  }

  // Of at most `most` bytes; borrowed.
  [[nodiscard]] std::string_view text(std::size_t most) noexcept {
    return take(static_cast<std::size_t>(varint(most)));
  }

  [[nodiscard]] std::string_view take(std::size_t size) noexcept {
    if (!ok_ || size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::uint64_t fail() noexcept {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace limpet
