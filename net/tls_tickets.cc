#include "net/tls_tickets.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/byte_codec.h"
#include "base/crypto.h"

namespace limpet::net {

namespace {

TlsTicketKey fresh_key() noexcept {
  TlsTicketKey key;
  crypto::random_bytes(key.name);
  crypto::random_bytes(key.cipher);
  crypto::random_bytes(key.mac);
  return key;
}

// As they lie in what save() makes.
template <typename Key, typename Visit>
void for_each_part(Key& key, Visit visit) {
  visit(key.name);
  visit(key.cipher);
  visit(key.mac);
}

}  // namespace

TlsTickets::TlsTickets(Instant now) : next_(now + kSealsFor) {
  // Those that are none yet open nothing: nobody can guess their names.
  std::ranges::generate(keys_, fresh_key);
}

TlsTickets::~TlsTickets() {
  OPENSSL_cleanse(keys_.data(), sizeof(keys_));
}

void TlsTickets::rotate(Instant now) {
  for (std::size_t turns = 0; now >= next_ && turns < kKept; ++turns) {
    std::shift_right(keys_.begin(), keys_.end(), 1);
    keys_.front() = fresh_key();
    next_ += kSealsFor;
  }
  if (now >= next_) {  // nobody asked for hours
    next_ = now + kSealsFor;
  }
}

std::string TlsTickets::save(Instant now) {
  const std::lock_guard guard(lock_);
  rotate(now);
  std::string saved;
  append_fixed(saved, static_cast<std::uint64_t>((next_ - now).count()));
  for (const TlsTicketKey& key : keys_) {
    for_each_part(key, [&saved](const auto& part) {
      saved.append(reinterpret_cast<const char*>(part.data()), part.size());
    });
  }
  return saved;
}

bool TlsTickets::restore(std::string_view saved, Instant now) {
  ByteReader bytes(saved);
  const Duration seals_for(bytes.fixed<std::uint64_t>());
  std::array<TlsTicketKey, kKept> keys;
  for (TlsTicketKey& key : keys) {
    for_each_part(key, [&bytes](auto& part) {
      const std::string_view taken = bytes.take(part.size());
      std::ranges::copy(taken, part.begin());
    });
  }
  const bool is_sound =
      bytes.ok() && bytes.at_end() && seals_for > Duration::zero() && seals_for <= kSealsFor;
  if (is_sound) {
    const std::lock_guard guard(lock_);
    keys_ = keys;
    next_ = now + seals_for;
  }
  OPENSSL_cleanse(keys.data(), sizeof(keys));
  return is_sound;
}

TlsTicketKey TlsTickets::sealing(Instant now) {
  const std::lock_guard guard(lock_);
  rotate(now);
  return keys_.front();
}

std::optional<TlsTickets::Opening> TlsTickets::opening(
    const std::array<std::uint8_t, TlsTicketKey::kNameBytes>& name, Instant now) {
  const std::lock_guard guard(lock_);
  rotate(now);
  const auto found = std::ranges::find(keys_, name, &TlsTicketKey::name);
  if (found == keys_.end()) {
    return std::nullopt;
  }
  return Opening{*found, found == keys_.begin()};
}

}  // namespace limpet::net
