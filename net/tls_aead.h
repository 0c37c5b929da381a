// TlsAead: seals and opens with the keys of whichever connection is at work (RFC 8446 5.2): the library's
// contexts are of the loop, so that a connection keeps its keys alone. To change the key of one costs 150 to
// 300 ns. Owned by the TlsEngine. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/tls_keys.h"

struct evp_cipher_ctx_st;

namespace limpet::net {

class TlsAead {
 public:
  static constexpr std::size_t kTagBytes = 16;

  TlsAead() = default;
  ~TlsAead();
  TlsAead(const TlsAead&) = delete;
  TlsAead& operator=(const TlsAead&) = delete;

  // Seals `content` and behind it the byte `type`: `out` takes as much, and kTagBytes more. `header` is
  // authenticated. False when the library has no memory.
  [[nodiscard]] bool seal(TlsKeys& keys, std::span<const std::uint8_t> header,
                          std::span<const std::uint8_t> content, std::uint8_t type,
                          std::uint8_t* out) noexcept;
  // Opens `sealed`, its tag behind it; `out` takes what is before the tag, and may be where `sealed` is.
  // False when a bit of it, or of the header, is not as it was sealed: what is in `out` is to be forgotten.
  [[nodiscard]] bool open(TlsKeys& keys, std::span<const std::uint8_t> header, std::span<std::uint8_t> sealed,
                          std::uint8_t* out) noexcept;
  // No key of such a suite is left here, whoever's it was.
  void forget(TlsSuite suite) noexcept;

 private:
  enum class Direction : std::uint8_t { Open, Seal };
  struct Context {
    evp_cipher_ctx_st* library = nullptr;  // null until it is used
    std::uint64_t key_number = 0;          // whose key is in it; 0 = nobody's
  };

  // With the key and the nonce of the next record; null when there is no memory.
  [[nodiscard]] evp_cipher_ctx_st* prepare(TlsKeys& keys, Direction direction,
                                           std::span<const std::uint8_t> header) noexcept;
  [[nodiscard]] Context& context_of(TlsSuite suite, Direction direction) noexcept {
    return contexts_[2 * static_cast<std::size_t>(suite) + static_cast<std::size_t>(direction)];
  }

  std::array<Context, 2 * kTlsSuiteCount> contexts_{};
};

}  // namespace limpet::net
