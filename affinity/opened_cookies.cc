#include "affinity/opened_cookies.h"

#include <xxhash.h>

#include "base/crypto.h"

namespace limpet::affinity {

OpenedCookies::OpenedCookies() : seed_(crypto::random_seed()) {}

std::uint64_t OpenedCookies::hash_of(std::string_view text) const noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}

const OpenedCookies::Plain* OpenedCookies::find(std::uint64_t codec, std::string_view pool,
                                                std::string_view text) const noexcept {
  if (entries_.empty()) {
    return nullptr;
  }
  const std::uint64_t hash = hash_of(text);
  const Entry& entry = entries_[hash % kMost];
  const bool is_known =
      entry.hash == hash && entry.codec == codec && entry.pool == pool && entry.text == text;
  return is_known ? &entry.plain : nullptr;
}

void OpenedCookies::keep(std::uint64_t codec, std::string_view pool, std::string_view text,
                         const Plain& plain) {
  entries_.resize(kMost);
  const std::uint64_t hash = hash_of(text);
  Entry& entry = entries_[hash % kMost];
  entry.hash = hash;
  entry.codec = codec;
  entry.pool = pool;
  entry.text = text;
  entry.plain = plain;
}

}  // namespace limpet::affinity
