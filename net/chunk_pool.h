// ChunkPool: lends fixed buffers for bytes that a peer would not take yet, and knows how many are out. A
// chunk has one holder at a time. One thread, but for what is counted.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/object_pool.h"
#include "base/tally.h"

namespace limpet::net {

struct Chunk {
  static constexpr std::size_t kBytes = 16 * 1024 - 16;  // with the fields below: one 16 KiB block

  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  Chunk() noexcept {}  // the bytes are not cleared: only [begin, end) is ever read

  [[nodiscard]] std::span<const std::uint8_t> filled() const noexcept {
    return std::span(bytes).subspan(begin, end - begin);
  }

  Chunk* next = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::array<std::uint8_t, kBytes> bytes;
};

class ChunkPool {
 public:
  // 1 GiB: what all stuck peers of one loop together may make us keep.
  static constexpr std::size_t kMostOut = 64 * 1024;

  ChunkPool() : pool_(kMostSpare) {}

  // Null when everything is lent: whoever needed it ends its connection.
  [[nodiscard]] Chunk* borrow() {
    if (out() == kMostOut || ++lends_ == failing_lend_) {
      return nullptr;
    }
    out_.store(out() + 1, std::memory_order_relaxed);
    borrowed_.add();
    return pool_.make();
  }
  void give_back(Chunk* chunk) noexcept {
    out_.store(out() - 1, std::memory_order_relaxed);
    pool_.release(chunk);
  }
  // Any thread.
  [[nodiscard]] std::size_t out() const noexcept { return out_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t borrowed() const noexcept { return borrowed_.get(); }  // since the begin

  // For tests: the one lend, counted from 1 from now on, that fails (0 = none).
  void fail_lend(std::uint64_t number) noexcept {
    failing_lend_ = number;
    lends_ = 0;
  }

 private:
  static constexpr std::size_t kMostSpare = 64;  // 1 MiB kept for the next slow peer

  ObjectPool<Chunk> pool_;
  std::atomic<std::size_t> out_{0};
  Tally borrowed_;
  std::uint64_t lends_ = 0;
  std::uint64_t failing_lend_ = 0;
};

}  // namespace limpet::net
