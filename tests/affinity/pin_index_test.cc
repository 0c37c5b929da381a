#include "affinity/pin_index.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/random.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using Number = PinIndex::Number;

// An index over entries that are nothing but their links; it counts how many links each call looks at.
class CountedIndex {
 private:
  auto link_of() {
    return [this](Number number) -> PinIndex::Link& {
      ++looks_;
      return links_[number];
    };
  }

 public:
  // Answers the number of the new entry.
  Number add(PinIndex::Hash hash) {
    links_.push_back({.hash = hash, .next = PinIndex::kNone});
    const auto number = static_cast<Number>(links_.size() - 1);
    looks_ = 0;
    index_.add(number, link_of());
    return number;
  }
  void remove(Number number) {
    looks_ = 0;
    index_.remove(number, link_of());
  }
  // Everything in the bucket of a hash that has that hash.
  [[nodiscard]] std::multiset<Number> with_hash(PinIndex::Hash hash) {
    std::multiset<Number> found;
    looks_ = 0;
    for (Number number = index_.first(hash); number != PinIndex::kNone; number = links_[number].next) {
      ++looks_;
      if (links_[number].hash == hash) {
        found.insert(number);
      }
    }
    return found;
  }
  // Of the last call.
  [[nodiscard]] int looks() const noexcept { return looks_; }

 private:
  PinIndex index_;
  std::vector<PinIndex::Link> links_;
  int looks_ = 0;
};

PinIndex::Hash random_hash(Random& random) {
  return static_cast<PinIndex::Hash>(random.next());
}

TEST_CASE("an empty index has nothing of any hash") {
  PinIndex index;
  CHECK(index.first(0) == PinIndex::kNone);
  CHECK(index.first(~PinIndex::Hash{0}) == PinIndex::kNone);
}

TEST_CASE("every entry is found while the index grows from nothing, and none that was removed") {
  CountedIndex index;
  Random random(1);
  std::vector<std::pair<PinIndex::Hash, Number>> entries;
  for (int step = 0; step < 5000; ++step) {
    const PinIndex::Hash hash = random_hash(random);
    entries.emplace_back(hash, index.add(hash));
    if (step % 4 == 3) {
      const std::size_t victim = random.below(entries.size());
      index.remove(entries[victim].second);
      REQUIRE(index.with_hash(entries[victim].first).count(entries[victim].second) == 0);
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    if (step % 100 == 0) {
      for (const auto& [known, number] : entries) {
        REQUIRE(index.with_hash(known).count(number) == 1);
      }
    }
  }
}

TEST_CASE("entries of one hash are all found") {
  CountedIndex index;
  std::multiset<Number> expected;
  for (int i = 0; i < 300; ++i) {
    expected.insert(index.add(77));
    static_cast<void>(index.add(static_cast<PinIndex::Hash>(i) << 16U));
  }
  CHECK(index.with_hash(77) == expected);
}

// What a worker waits for: a table that moved into a larger one all at once would look at all of it here.
TEST_CASE("no call looks at more than a few entries, however large the index is when it grows") {
  constexpr int kEntries = 200'000;
  CountedIndex index;
  Random random(2);
  int most = 0;
  long sum = 0;
  std::vector<Number> numbers;
  for (int i = 0; i < kEntries; ++i) {
    numbers.push_back(index.add(random_hash(random)));
    most = std::max(most, index.looks());
    sum += index.looks();
  }
  CHECK(most <= 16);
  CHECK(sum <= 3L * kEntries);

  sum = 0;
  for (int i = 0; i < kEntries; ++i) {
    static_cast<void>(index.with_hash(random_hash(random)));
    most = std::max(most, index.looks());
    sum += index.looks();
  }
  CHECK(most <= 16);
  CHECK(sum <= 2L * kEntries);

  for (const Number number : numbers) {
    index.remove(number);
    most = std::max(most, index.looks());
  }
  CHECK(most <= 32);  // on the way to an entry two links are looked at for each
}

}  // namespace
}  // namespace limpet::affinity
