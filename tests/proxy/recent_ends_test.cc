// Who comes back within seconds.
#include "proxy/recent_ends.h"

#include <memory>

#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;
using proxy::RecentEnds;

namespace {

struct Story {
  std::unique_ptr<RecentEnds> ends = std::make_unique<RecentEnds>();
  Instant now{100'000s};
};

constexpr std::uint64_t kKey = 0x1234'5678'9abc'def0;

}  // namespace

TEST_CASE("a key that has ended is back for ten seconds") {
  Story story;
  CHECK_FALSE(story.ends->has_ended_lately(kKey, story.now));
  story.ends->note_end(kKey, story.now);
  CHECK(story.ends->has_ended_lately(kKey, story.now));
  CHECK(story.ends->has_ended_lately(kKey, story.now + 10s));
  CHECK_FALSE(story.ends->has_ended_lately(kKey, story.now + 10s + 1ms));
}

TEST_CASE("a worker whose clock is a little behind sees it too") {
  Story story;
  story.ends->note_end(kKey, story.now);
  CHECK(story.ends->has_ended_lately(kKey, story.now - RecentEnds::kBehind));
  CHECK_FALSE(story.ends->has_ended_lately(kKey, story.now - RecentEnds::kBehind - 1ms));
}

TEST_CASE("each end of a key begins the time anew") {
  Story story;
  story.ends->note_end(kKey, story.now);
  story.ends->note_end(kKey, story.now + 8s);
  CHECK(story.ends->has_ended_lately(kKey, story.now + 17s));
}

TEST_CASE("another key is not taken for it, even where it has its place") {
  Story story;
  story.ends->note_end(kKey, story.now);
  const std::uint64_t same_place = kKey ^ (std::uint64_t{1} << 60U);
  CHECK_FALSE(story.ends->has_ended_lately(kKey + 1, story.now));
  CHECK_FALSE(story.ends->has_ended_lately(same_place, story.now));
  story.ends->note_end(same_place, story.now);
  CHECK(story.ends->has_ended_lately(same_place, story.now));
  CHECK_FALSE(story.ends->has_ended_lately(kKey, story.now));
}

TEST_CASE("of a storm nearly all are seen to come back") {
  Story story;
  constexpr std::uint64_t kClients = 5000;
  constexpr std::uint64_t kSpread = 0x9e37'79b9'7f4a'7c15;
  for (std::uint64_t i = 1; i <= kClients; ++i) {
    story.ends->note_end(i * kSpread, story.now);
  }
  std::uint64_t back = 0;
  for (std::uint64_t i = 1; i <= kClients; ++i) {
    back += story.ends->has_ended_lately(i * kSpread, story.now + 2s) ? 1U : 0U;
  }
  CHECK(back > kClients * 9 / 10);
}
