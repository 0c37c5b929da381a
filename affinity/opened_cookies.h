// OpenedCookies: the cookies that a thread has opened lately, by their text. A client shows the same one with
// each of its requests, and opening it is a sixth of what a GET takes of us. Only what could be opened gets
// in: who has no cookie of ours can push nobody out. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace limpet::affinity {

class OpenedCookies {
 public:
  static constexpr std::size_t kMost = 256;  // 50 KiB, from the first one on

  struct Plain {
    std::uint64_t key = 0;
    std::uint64_t backend_name_hash = 0;
    WallTime issued;
  };

  OpenedCookies();

  // Null = not known. `codec` is the number of the codec that opened it: another one has other keys.
  [[nodiscard]] const Plain* find(std::uint64_t codec, std::string_view pool,
                                  std::string_view text) const noexcept;
  // In the place of whichever was there.
  void keep(std::uint64_t codec, std::string_view pool, std::string_view text, const Plain& plain);

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t codec = 0;  // 0 = nothing is here: no codec has this number
    std::string pool;
    std::string text;
    Plain plain;
  };

  // Under a seed that nobody knows: how long a comparison takes tells nothing of a cookie that another has.
  [[nodiscard]] std::uint64_t hash_of(std::string_view text) const noexcept;

  std::uint64_t seed_;
  std::vector<Entry> entries_;  // empty, or kMost
};

}  // namespace limpet::affinity
