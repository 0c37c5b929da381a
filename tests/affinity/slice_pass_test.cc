#include "affinity/slice_pass.h"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

// What happened while a lock was held, as the locks tell it.
struct Diary {
  std::vector<std::pair<std::size_t, int>> holds;  // shard, entries seen
};

class CountedMutex {
 public:
  CountedMutex(Diary& diary, std::size_t shard) : diary_(diary), shard_(shard) {}
  void lock() { diary_.holds.emplace_back(shard_, 0); }
  void unlock() {}

 private:
  Diary& diary_;
  std::size_t shard_;
};

struct FakePins {
  std::size_t shard = 0;
  PinShard::Number size = 0;
  [[nodiscard]] PinShard::Number slab_size() const noexcept { return size; }
};

struct FakeShard {
  FakeShard(CountedMutex its_mutex, FakePins its_pins)
      : mutex(std::move(its_mutex)), pins(std::move(its_pins)) {}

  CountedMutex mutex;
  FakePins pins;
};

using Entry = std::pair<std::size_t, PinShard::Number>;  // shard and number

class Passes {
 public:
  explicit Passes(const std::vector<PinShard::Number>& sizes) {
    for (const PinShard::Number size : sizes) {
      const std::size_t number = shards_.size();
      shards_.push_back(std::make_unique<FakeShard>(CountedMutex(diary, number), FakePins{number, size}));
    }
  }

  // At most `most` entries are wanted.
  std::uint64_t go(std::uint64_t from, std::size_t looks, std::size_t most) {
    std::size_t taken = 0;
    return slice_pass(shards_, from, looks, [&](const FakePins& pins, PinShard::Number number) {
      ++diary.holds.back().second;
      seen.emplace(pins.shard, number);
      return ++taken < most;
    });
  }

  Diary diary;
  std::multiset<Entry> seen;

 private:
  std::vector<std::unique_ptr<FakeShard>> shards_;
};

constexpr std::size_t kPlenty = 1'000'000;
constexpr int kMostAHold = 64;

TEST_CASE("a pass sees every entry once, whatever the sizes of its steps") {
  const std::vector<PinShard::Number> sizes{130, 0, 64, 1, 63, 65, 500, 128};
  std::multiset<Entry> all;
  for (std::size_t shard = 0; shard < sizes.size(); ++shard) {
    for (PinShard::Number number = 0; number < sizes[shard]; ++number) {
      all.emplace(shard, number);
    }
  }
  for (const std::size_t most :
       {std::size_t{1}, std::size_t{7}, std::size_t{64}, std::size_t{100}, kPlenty}) {
    for (const std::size_t looks : {2 * sizes.size(), std::size_t{65}, std::size_t{200}, kPlenty}) {
      CAPTURE(most, looks);
      Passes passes(sizes);
      std::uint64_t cursor = 0;
      do {
        const std::uint64_t next = passes.go(cursor, looks, most);
        REQUIRE((next == 0 || next > cursor));
        cursor = next;
      } while (cursor != 0);
      REQUIRE(passes.seen == all);
    }
  }
}

TEST_CASE("a lock is held for one slice at most, and the next one is another shard's") {
  Passes passes(std::vector<PinShard::Number>(64, 16'000));
  CHECK(passes.go(0, 16'384, kPlenty) != 0);
  REQUIRE(passes.diary.holds.size() > 200);
  for (std::size_t i = 0; i < passes.diary.holds.size(); ++i) {
    REQUIRE(passes.diary.holds[i].second <= kMostAHold);
    REQUIRE((i == 0 || passes.diary.holds[i].first != passes.diary.holds[i - 1].first));
  }
}

TEST_CASE("a step sees no more than it may, and empty shards count as well") {
  Passes full(std::vector<PinShard::Number>(64, 16'000));
  full.go(0, 1000, kPlenty);
  CHECK(full.seen.size() <= 1000);
  Passes sparse(std::vector<PinShard::Number>{0, 0, 0, 0, 0, 0, 6400, 0});
  CHECK(sparse.go(0, 50, kPlenty) != 0);
  CHECK(sparse.diary.holds.size() + sparse.seen.size() == 50);
}

TEST_CASE("shards of nothing end a pass at once, and so does a cursor that nobody was given") {
  Passes empty(std::vector<PinShard::Number>(64, 0));
  CHECK(empty.go(0, kPlenty, kPlenty) == 0);
  CHECK(empty.diary.holds.size() == 64);
  Passes some(std::vector<PinShard::Number>(4, 100));
  for (const std::uint64_t cursor : {~0ULL, 1ULL << 63U, 0xffffffffULL, 4095ULL}) {
    some.go(cursor, kPlenty, kPlenty);
  }
  CHECK(some.diary.holds.size() <= 4 * 64);
}

}  // namespace
}  // namespace limpet::affinity
