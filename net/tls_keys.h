// TlsKeys: what seals or opens the records of one direction of a TLS 1.3 connection (RFC 8446 7.2, 7.3, 5.3).
// Wiped when they go. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace limpet::net {

// All that TLS 1.3 has and we allow (RFC 8446 B.4).
enum class TlsSuite : std::uint8_t { Aes128GcmSha256, Aes256GcmSha384, ChaCha20Poly1305Sha256 };
inline constexpr std::size_t kTlsSuiteCount = 3;

enum class TlsDigest : std::uint8_t { Sha256, Sha384 };

struct TlsSuiteFacts {
  std::uint16_t id;
  const char* cipher;  // as the library calls it
  TlsDigest digest;
  std::uint8_t key_bytes;
  std::uint8_t secret_bytes;  // those of the digest
};

[[nodiscard]] const TlsSuiteFacts& facts_of(TlsSuite suite) noexcept;
// None for a number that is none of them.
[[nodiscard]] std::optional<TlsSuite> tls_suite_of(std::uint16_t id) noexcept;

class TlsKeys {
 public:
  static constexpr std::size_t kMostSecretBytes = 48;
  static constexpr std::size_t kMostKeyBytes = 32;
  static constexpr std::size_t kNonceBytes = 12;
  using Nonce = std::array<std::uint8_t, kNonceBytes>;

  TlsKeys() = default;
  ~TlsKeys();
  TlsKeys(const TlsKeys&) = delete;
  TlsKeys& operator=(const TlsKeys&) = delete;

  // Derives them of a traffic secret; `passed` records of them have passed already. False when the secret is
  // not as long as the suite's, or the library has no memory.
  [[nodiscard]] bool begin(TlsSuite suite, std::span<const std::uint8_t> secret, std::uint64_t passed);
  // Those behind a KeyUpdate. False when the library has no memory.
  [[nodiscard]] bool go_on();

  [[nodiscard]] TlsSuite suite() const noexcept { return suite_; }
  [[nodiscard]] std::span<const std::uint8_t> key() const noexcept {
    return std::span(key_).first(facts_of(suite_).key_bytes);
  }
  // Of the next record, which is counted.
  [[nodiscard]] Nonce take_nonce() noexcept;
  // What a nonce is made of, with the number of its record (RFC 8446 5.3).
  [[nodiscard]] const Nonce& iv() const noexcept { return iv_; }
  // So many records were sealed elsewhere.
  void count(std::uint64_t records) noexcept { passed_ += records; }
  // Records that have passed.
  [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }
  // Another one for each key that there ever was in the process; 0 before begin().
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

 private:
  [[nodiscard]] bool derive();

  std::uint64_t number_ = 0;
  std::uint64_t passed_ = 0;
  std::array<std::uint8_t, kMostSecretBytes> secret_{};
  std::array<std::uint8_t, kMostKeyBytes> key_{};
  Nonce iv_{};
  TlsSuite suite_ = TlsSuite::Aes128GcmSha256;
};

}  // namespace limpet::net
