#include "affinity/cookie_codec.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <span>

#include "affinity/opened_cookies.h"
#include "base/assert.h"
#include "base/serial_number.h"
#include "base/text.h"

namespace limpet::affinity {

namespace {

// Layout of the plain text, little-endian whatever the machine:
//   0..7 client key   8..15 hash of the backend's name   16..23 time of issue, milliseconds since 1970
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kPlainBytes = 3 * kNumberBytes;
constexpr std::size_t kSealedBytes = crypto::kNonceBytes + kPlainBytes + crypto::kTagBytes;
constexpr std::size_t kTextBytes = (kSealedBytes * 8 + 5) / 6;  // base64url: 6 bits a character
constexpr std::size_t kKeyDigits = 16;
constexpr int kHexBase = 16;

// The version of the layout is part of the context: a later layout cannot be mistaken for this one.
std::string context_of(std::string_view pool) {
  return "limpet-cookie-1:" + std::string(pool);
}

void append_number(std::string& out, std::uint64_t number) {
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    out += static_cast<char>((number >> (8 * i)) & 0xffU);
  }
}

std::uint64_t number_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return number;
}

std::uint64_t number_of_digits(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, kHexBase);
  LIMPET_ASSERT(error == std::errc{} && end == digits.data() + digits.size() && digits.size() == kKeyDigits,
                "a cookie's key is 16 hex digits");
  return number;
}

std::string digits_of(std::uint64_t number) {
  std::array<std::uint8_t, kNumberBytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return hex(bytes);
}

std::variant<CookieContent, CookieFault> judge(const OpenedCookies::Plain& plain, WallTime now,
                                               std::optional<Duration> max_age) {
  if (max_age && now - plain.issued > *max_age) {
    return CookieFault::Expired;
  }
  return CookieContent{
      .key_text = digits_of(plain.key), .backend_name_hash = plain.backend_name_hash, .issued = plain.issued};
}

}  // namespace

std::string_view word(CookieFault fault) noexcept {
  switch (fault) {
    case CookieFault::Malformed:
      return "malformed";
    case CookieFault::Unreadable:
      return "unreadable";
    case CookieFault::Expired:
      return "expired";
    case CookieFault::kCount:
      break;
  }
  return "unknown";
}

CookieCodec::CookieCodec(std::vector<crypto::Key> keys)
    : keys_(std::move(keys)), number_(next_serial_number()) {
  LIMPET_ASSERT(!keys_.empty(), "a cookie codec needs a key");
}

std::string CookieCodec::encode(const CookieContent& content, std::string_view pool) const {
  std::string plain;
  plain.reserve(kPlainBytes);
  append_number(plain, number_of_digits(content.key_text));
  append_number(plain, content.backend_name_hash);
  append_number(plain, static_cast<std::uint64_t>(content.issued.time_since_epoch().count()));
  const std::string sealed = crypto::seal(keys_.front(), plain, context_of(pool));
  return crypto::base64url(bytes_of(sealed));
}

std::variant<CookieContent, CookieFault> CookieCodec::open(std::string_view value, std::string_view pool,
                                                           WallTime now,
                                                           std::optional<Duration> max_age) const {
  if (value.size() != kTextBytes) {
    return CookieFault::Malformed;  // before any work: the value is as long as the client likes
  }
  thread_local OpenedCookies opened;
  if (const OpenedCookies::Plain* const known = opened.find(number_, pool, value)) {
    return judge(*known, now, max_age);
  }
  const std::optional<std::string> sealed = crypto::from_base64url(value);
  if (!sealed) {
    return CookieFault::Malformed;
  }
  const std::string context = context_of(pool);
  for (const crypto::Key& key : keys_) {
    const std::optional<std::string> plain = crypto::open(key, *sealed, context);
    if (!plain || plain->size() != kPlainBytes) {
      continue;
    }
    const OpenedCookies::Plain found{
        .key = number_at(*plain, 0),
        .backend_name_hash = number_at(*plain, kNumberBytes),
        .issued = WallTime(Duration(static_cast<std::int64_t>(number_at(*plain, 2 * kNumberBytes))))};
    opened.keep(number_, pool, value, found);
    return judge(found, now, max_age);
  }
  return CookieFault::Unreadable;
}

std::string CookieCodec::new_key_text() {
  std::array<std::uint8_t, kNumberBytes> bytes{};
  crypto::random_bytes(bytes);
  return hex(bytes);
}

}  // namespace limpet::affinity
