// CookieCodec: the affinity cookie. Sealed (AES-256-GCM), so that a client can neither read nor choose its
// backend: 8 random bytes that are the client's key, the backend's name hash, the time of issue; bound to the
// pool by name. Forged, altered, foreign or expired cookies give none. Immutable after construction. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/result.h"

namespace limpet::affinity {

struct CookieContent {
  std::string key_text;  // 16 hex digits
  std::uint64_t backend_name_hash = 0;
  WallTime issued;
};

// Why a cookie gives none. A forged one cannot be told from one of another key or pool.
enum class CookieFault : std::uint8_t { Malformed, Unreadable, Expired, kCount };
inline constexpr std::size_t kCookieFaultCount = static_cast<std::size_t>(CookieFault::kCount);
[[nodiscard]] std::string_view word(CookieFault fault) noexcept;  // "malformed", ...

class CookieCodec {
 public:
  // Requires at least one key: the first seals, all open.
  explicit CookieCodec(std::vector<crypto::Key> keys);

  // base64url text for a Set-Cookie value.
  [[nodiscard]] std::string encode(const CookieContent& content, std::string_view pool) const;
  // `max_age`: none = never too old. A time of issue in the future is accepted: the wall clock may have
  // jumped.
  [[nodiscard]] std::variant<CookieContent, CookieFault> open(std::string_view value, std::string_view pool,
                                                              WallTime now,
                                                              std::optional<Duration> max_age) const;
  // A fresh client key: 16 random hex digits.
  [[nodiscard]] static std::string new_key_text();

 private:
  std::vector<crypto::Key> keys_;
  std::uint64_t number_;  // another one for each that there ever was in the process, from 1
};

// Key file: one key a line, 64 hex digits each; empty lines and lines that start with # are skipped. The
// error names the file, the line and the remedy. Who may read the file is not checked: keep it to limpet
// (mode 0600).
[[nodiscard]] Result<std::vector<crypto::Key>> read_key_file(const std::string& path);
// Reads it, or makes it (mode 0600, missing folders too) with one random key where it does not exist.
// Two processes that start at once end with the same key.
[[nodiscard]] Result<std::vector<crypto::Key>> read_or_make_key_file(const std::string& path);

}  // namespace limpet::affinity
