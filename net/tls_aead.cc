#include "net/tls_aead.h"

#include <openssl/evp.h>

namespace limpet::net {

TlsAead::~TlsAead() {
  for (const Context& context : contexts_) {
    EVP_CIPHER_CTX_free(context.library);
  }
}

evp_cipher_ctx_st* TlsAead::prepare(TlsKeys& keys, Direction direction,
                                    std::span<const std::uint8_t> header) noexcept {
  Context& context = context_of(keys.suite(), direction);
  const int is_seal = direction == Direction::Seal ? 1 : 0;
  if (context.library == nullptr) {
    EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, facts_of(keys.suite()).cipher, nullptr);
    EVP_CIPHER_CTX* const fresh = EVP_CIPHER_CTX_new();
    const bool is_made =
        fresh != nullptr && EVP_CipherInit_ex(fresh, cipher, nullptr, nullptr, nullptr, is_seal) == 1;
    EVP_CIPHER_free(cipher);  // the context has a share of it
    if (!is_made) {
      EVP_CIPHER_CTX_free(fresh);
      return nullptr;
    }
    context.library = fresh;
  }
  const TlsKeys::Nonce nonce = keys.take_nonce();
  const std::uint8_t* const key = context.key_number == keys.number() ? nullptr : keys.key().data();
  int size = 0;
  context.key_number = keys.number();
  const bool is_ready =
      EVP_CipherInit_ex(context.library, nullptr, nullptr, key, nonce.data(), is_seal) == 1 &&
      EVP_CipherUpdate(context.library, nullptr, &size, header.data(), static_cast<int>(header.size())) == 1;
  if (!is_ready) {
    context.key_number = 0;
  }
  return is_ready ? context.library : nullptr;
}

// A key of zeros takes the place of the other in all that the library has made of it.
void TlsAead::forget(TlsSuite suite) noexcept {
  constexpr std::array<std::uint8_t, TlsKeys::kMostKeyBytes> kNoKey{};
  for (const Direction direction : {Direction::Open, Direction::Seal}) {
    Context& context = context_of(suite, direction);
    if (context.library != nullptr && context.key_number != 0) {
      EVP_CipherInit_ex(context.library, nullptr, nullptr, kNoKey.data(), kNoKey.data(),
                        direction == Direction::Seal ? 1 : 0);
      context.key_number = 0;
    }
  }
}

bool TlsAead::seal(TlsKeys& keys, std::span<const std::uint8_t> header, std::span<const std::uint8_t> content,
                   std::uint8_t type, std::uint8_t* out) noexcept {
  EVP_CIPHER_CTX* const context = prepare(keys, Direction::Seal, header);
  int first = 0;
  int second = 0;
  int last = 0;
  return context != nullptr &&
         (content.empty() ||
          EVP_EncryptUpdate(context, out, &first, content.data(), static_cast<int>(content.size())) == 1) &&
         EVP_EncryptUpdate(context, out + first, &second, &type, 1) == 1 &&
         EVP_EncryptFinal_ex(context, out + first + second, &last) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + first + second + last) == 1;
}

bool TlsAead::open(TlsKeys& keys, std::span<const std::uint8_t> header, std::span<std::uint8_t> sealed,
                   std::uint8_t* out) noexcept {
  EVP_CIPHER_CTX* const context = prepare(keys, Direction::Open, header);
  const auto inside = sealed.first(sealed.size() - kTagBytes);
  std::uint8_t* const tag = sealed.last(kTagBytes).data();
  int size = 0;
  int last = 0;
  return context != nullptr && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1 &&
         EVP_DecryptUpdate(context, out, &size, inside.data(), static_cast<int>(inside.size())) == 1 &&
         EVP_DecryptFinal_ex(context, out + size, &last) == 1;
}

}  // namespace limpet::net
