#include "net/tls_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/serial_number.h"

namespace limpet::net {

namespace {

constexpr std::array<TlsSuiteFacts, kTlsSuiteCount> kSuites{{
    {0x1301, "AES-128-GCM", TlsDigest::Sha256, 16, 32},
    {0x1302, "AES-256-GCM", TlsDigest::Sha384, 32, 48},
    {0x1303, "ChaCha20-Poly1305", TlsDigest::Sha256, 32, 32},
}};

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using MacPtr = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

MacPtr make_hmac(const char* digest) {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacPtr context(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);  // the context has a share of it
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  if (context != nullptr && EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) {
    context.reset();
  }
  return context;
}

// Of this thread: to find the digest by its name takes the library longer than to use it.
EVP_MAC_CTX* hmac_of(TlsDigest digest) {
  thread_local const MacPtr sha256 = make_hmac("SHA256");
  thread_local const MacPtr sha384 = make_hmac("SHA384");
  return (digest == TlsDigest::Sha384 ? sha384 : sha256).get();
}

// This thread's HMAC, keyed with a secret; null when the library has no memory. Good until it is asked for
// again.
EVP_MAC_CTX* hmac_under(const TlsSuiteFacts& suite, std::span<const std::uint8_t> secret) {
  EVP_MAC_CTX* const hmac = hmac_of(suite.digest);
  return hmac != nullptr && EVP_MAC_init(hmac, secret.data(), secret.size(), nullptr) == 1 ? hmac : nullptr;
}

// RFC 8446 7.1: HKDF-Expand-Label(Secret, Label, "", Length), of no more than one block of the digest: that
// is HMAC over the HkdfLabel and the number of the block (RFC 5869 2.3).
bool expand(EVP_MAC_CTX* hmac, std::string_view label, std::span<std::uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 32> info{0, static_cast<std::uint8_t>(out.size()),
                                    static_cast<std::uint8_t>(kPrefix.size() + label.size())};
  auto* end = std::ranges::copy(label, std::ranges::copy(kPrefix, info.begin() + 3).out).out;
  *end++ = 0;  // no context
  *end++ = 1;  // the first block
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> block{};
  std::size_t size = 0;
  const bool is_made = hmac != nullptr && EVP_MAC_init(hmac, nullptr, 0, nullptr) == 1 &&
                       EVP_MAC_update(hmac, info.data(), static_cast<std::size_t>(end - info.begin())) == 1 &&
                       EVP_MAC_final(hmac, block.data(), &size, block.size()) == 1;
  std::copy_n(block.begin(), out.size(), out.begin());
  OPENSSL_cleanse(block.data(), block.size());
  return is_made && size >= out.size();
}

}  // namespace

const TlsSuiteFacts& facts_of(TlsSuite suite) noexcept {
  return kSuites[static_cast<std::size_t>(suite)];
}

std::optional<TlsSuite> tls_suite_of(std::uint16_t id) noexcept {
  const auto* const row = std::ranges::find(kSuites, id, &TlsSuiteFacts::id);
  return row == kSuites.end() ? std::nullopt : std::optional(static_cast<TlsSuite>(row - kSuites.begin()));
}

TlsKeys::~TlsKeys() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

bool TlsKeys::begin(TlsSuite suite, std::span<const std::uint8_t> secret, std::uint64_t passed) {
  if (secret.size() != facts_of(suite).secret_bytes) {
    return false;
  }
  suite_ = suite;
  std::ranges::copy(secret, secret_.begin());
  passed_ = passed;
  return derive();
}

bool TlsKeys::go_on() {
  const TlsSuiteFacts& suite = facts_of(suite_);
  std::array<std::uint8_t, kMostSecretBytes> next{};
  const std::size_t size = suite.secret_bytes;
  const bool is_made =
      expand(hmac_under(suite, std::span(secret_).first(size)), "traffic upd", std::span(next).first(size));
  secret_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  passed_ = 0;
  return is_made && derive();
}

bool TlsKeys::derive() {
  const TlsSuiteFacts& suite = facts_of(suite_);
  EVP_MAC_CTX* const hmac = hmac_under(suite, std::span(secret_).first(suite.secret_bytes));
  number_ = next_serial_number();
  return expand(hmac, "key", std::span(key_).first(suite.key_bytes)) && expand(hmac, "iv", iv_);
}

TlsKeys::Nonce TlsKeys::take_nonce() noexcept {
  constexpr unsigned kByteBits = 8;
  Nonce nonce = iv_;
  for (std::size_t i = 0; i < sizeof(passed_); ++i) {
    nonce[kNonceBytes - 1 - i] ^= static_cast<std::uint8_t>(passed_ >> (i * kByteBits));
  }
  ++passed_;
  return nonce;
}

}  // namespace limpet::net
