// Digests, sealing and random bytes: the one file that uses OpenSSL's libcrypto for them. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace limpet::crypto {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

using Key = std::array<std::uint8_t, kKeyBytes>;

[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view text) noexcept;
// Standard alphabet with padding (RFC 4648 4).
[[nodiscard]] std::string base64(Bytes bytes);
// URL-safe alphabet without padding (RFC 4648 5). Decoding refuses any other spelling of the same bytes.
[[nodiscard]] std::string base64url(Bytes bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

// Whether two secrets are the same. Not their bytes are compared but their SHA-256 digests, and these in
// constant time: how long it takes tells nothing about where they differ nor how long the other one is.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b) noexcept;

// Fills with bytes of the system's random source; ends the process if there is none.
void random_bytes(std::span<std::uint8_t> out) noexcept;
// From the same source: a seed that nobody outside the process can know.
[[nodiscard]] std::uint64_t random_seed() noexcept;

// AES-256-GCM: nonce, ciphertext and tag in one string. `context` is authenticated and not contained.
[[nodiscard]] std::string seal(const Key& key, std::string_view plain, std::string_view context);
// None when a single bit of sealed or context differs, or the key is another.
[[nodiscard]] std::optional<std::string> open(const Key& key, std::string_view sealed,
                                              std::string_view context);

}  // namespace limpet::crypto
