#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace limpet::crypto {

namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The value of every character of an alphabet; kNoValue for the others.
using Values = std::array<std::uint8_t, 256>;
constexpr std::uint8_t kNoValue = 0x80;  // a bit that no value has

constexpr Values values_of(std::string_view alphabet) noexcept {
  Values values{};
  values.fill(kNoValue);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr Values kStandardValues = values_of(kStandard);
constexpr Values kUrlSafeValues = values_of(kUrlSafe);

void require(bool done) noexcept {
  if (!done) {
    std::abort();  // only out of memory or a broken libcrypto leads here
  }
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

// Fetched once: an implicit fetch at every use costs more than the cipher.
const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

enum class Direction : int { Open = 0, Seal = 1 };

// A cipher context that has been given its key: that costs more than sealing a cookie.
struct KeyedCipher {
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context{EVP_CIPHER_CTX_new()};
  Key key{};
  bool has_key = false;
};

// The last few keys of one direction: the one in use and those it has replaced.
struct Remembered {
  std::array<KeyedCipher, 4> ciphers;
  std::size_t oldest = 0;
};

// This thread's cipher for `key`, ready for `nonce`.
EVP_CIPHER_CTX* cipher_for(const Key& key, Direction direction, const unsigned char* nonce) {
  thread_local std::array<Remembered, 2> remembered;
  const auto way = static_cast<int>(direction);
  auto& [known, oldest] = remembered[static_cast<std::size_t>(way)];
  auto* const found = std::find_if(known.begin(), known.end(), [&key](const KeyedCipher& cipher) {
    return cipher.has_key && cipher.key == key;
  });
  if (found != known.end()) {
    require(EVP_CipherInit_ex(found->context.get(), nullptr, nullptr, nullptr, nonce, way) == 1);
    return found->context.get();
  }
  KeyedCipher& next = known[oldest++ % known.size()];
  require(next.context != nullptr);
  require(EVP_CipherInit_ex(next.context.get(), aes_256_gcm(), nullptr, key.data(), nonce, way) == 1);
  next.key = key;
  next.has_key = true;
  return next.context.get();
}

const EVP_MD* sha1_digest() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return digest;
}

const EVP_MD* sha256_digest() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest;
}

const unsigned char* as_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* as_bytes(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string encode(Bytes bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);  // with what Base64 pads
  text.resize((bytes.size() * 4 + 2) / 3);
  char* end = text.data();
  const auto give = [&](std::uint32_t six_bits) { *end++ = alphabet[six_bits & 63U]; };
  for (; bytes.size() >= 3; bytes = bytes.subspan(3)) {
    const std::uint32_t group = std::uint32_t{bytes[0]} << 16U | std::uint32_t{bytes[1]} << 8U | bytes[2];
    give(group >> 18U);
    give(group >> 12U);
    give(group >> 6U);
    give(group);
  }
  if (!bytes.empty()) {
    const std::uint32_t group =
        std::uint32_t{bytes[0]} << 16U | (bytes.size() == 2 ? std::uint32_t{bytes[1]} << 8U : 0U);
    give(group >> 18U);
    give(group >> 12U);
    if (bytes.size() == 2) {
      give(group >> 6U);
    }
  }
  return text;
}

std::optional<std::string> decode(std::string_view text, const Values& values) {
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string bytes(text.size() * 3 / 4, '\0');
  char* end = bytes.data();
  std::uint8_t all = 0;  // the bits of all values
  std::uint32_t buffer = 0;
  const auto take = [&](char c) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    all |= value;
    buffer = (buffer << 6U) | value;
  };
  const auto give = [&](unsigned shift) { *end++ = static_cast<char>((buffer >> shift) & 0xffU); };
  for (; text.size() >= 4; text.remove_prefix(4)) {
    take(text[0]);
    take(text[1]);
    take(text[2]);
    take(text[3]);
    give(16);
    give(8);
    give(0);
  }
  buffer = 0;
  for (const char c : text) {
    take(c);
  }
  unsigned spare_bits = static_cast<unsigned>(text.size()) * 6;
  while (spare_bits >= 8) {
    spare_bits -= 8;
    give(spare_bits);
  }
  if ((buffer & ((1U << spare_bits) - 1U)) != 0) {
    return std::nullopt;
  }
  return (all & kNoValue) == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view text) noexcept {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  require(context != nullptr);
  std::array<std::uint8_t, 20> digest{};
  require(EVP_DigestInit_ex2(context.get(), sha1_digest(), nullptr) == 1);
  require(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  constexpr std::size_t kDigestBytes = 32;
  std::array<std::uint8_t, kDigestBytes> digest_a{};
  std::array<std::uint8_t, kDigestBytes> digest_b{};
  require(EVP_Digest(a.data(), a.size(), digest_a.data(), nullptr, sha256_digest(), nullptr) == 1);
  require(EVP_Digest(b.data(), b.size(), digest_b.data(), nullptr, sha256_digest(), nullptr) == 1);
  return CRYPTO_memcmp(digest_a.data(), digest_b.data(), kDigestBytes) == 0;
}

std::string base64(Bytes bytes) {
  std::string text = encode(bytes, kStandard);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::string base64url(Bytes bytes) {
  return encode(bytes, kUrlSafe);
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) {
    text.remove_suffix(1);
  }
  return decode(text, kStandardValues);
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, kUrlSafeValues);
}

void random_bytes(std::span<std::uint8_t> out) noexcept {
  // Drawn in advance: a draw costs a microsecond whatever its size. What was handed out is forgotten here.
  constexpr std::size_t kDrawn = 512;
  thread_local std::array<std::uint8_t, kDrawn> drawn;
  thread_local std::size_t left = 0;
  if (out.size() > kDrawn / 8) {
    require(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
    return;
  }
  if (left < out.size()) {
    require(RAND_bytes(drawn.data(), static_cast<int>(kDrawn)) == 1);
    left = kDrawn;
  }
  left -= out.size();
  std::memcpy(out.data(), drawn.data() + left, out.size());
  OPENSSL_cleanse(drawn.data() + left, out.size());
}

std::uint64_t random_seed() noexcept {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  random_bytes(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

std::string seal(const Key& key, std::string_view plain, std::string_view context) {
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  unsigned char* const nonce = as_bytes(sealed);
  random_bytes({nonce, kNonceBytes});
  EVP_CIPHER_CTX* const cipher = cipher_for(key, Direction::Seal, nonce);
  int length = 0;
  require(EVP_EncryptUpdate(cipher, nullptr, &length, as_bytes(context), static_cast<int>(context.size())) ==
          1);
  unsigned char* const body = nonce + kNonceBytes;
  require(EVP_EncryptUpdate(cipher, body, &length, as_bytes(plain), static_cast<int>(plain.size())) == 1);
  require(EVP_EncryptFinal_ex(cipher, body + length, &length) == 1);
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes),
                              body + plain.size()) == 1);
  return sealed;
}

std::optional<std::string> open(const Key& key, std::string_view sealed, std::string_view context) {
  if (sealed.size() < kNonceBytes + kTagBytes) {
    return std::nullopt;
  }
  const std::size_t size = sealed.size() - kNonceBytes - kTagBytes;
  std::string plain(size, '\0');
  std::array<std::uint8_t, kTagBytes> tag{};
  sealed.copy(reinterpret_cast<char*>(tag.data()), tag.size(), kNonceBytes + size);
  EVP_CIPHER_CTX* const cipher = cipher_for(key, Direction::Open, as_bytes(sealed));
  int length = 0;
  require(EVP_DecryptUpdate(cipher, nullptr, &length, as_bytes(context), static_cast<int>(context.size())) ==
          1);
  require(EVP_DecryptUpdate(cipher, as_bytes(plain), &length, as_bytes(sealed) + kNonceBytes,
                            static_cast<int>(size)) == 1);
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1);
  if (EVP_DecryptFinal_ex(cipher, as_bytes(plain) + length, &length) != 1) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace limpet::crypto
