#include "backends/drain_pacer.h"

#include <array>

#include "base/random.h"
#include "tests/support/catch.h"

namespace limpet::backends {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(50);
constexpr std::uint64_t kQuickUs = 2'000;
constexpr std::uint64_t kSlowUs = 400'000;

// A pool that drains while clients return to the others; time is moved by hand.
class Story {
 public:
  explicit Story(double per_second) : pacer(per_second, now), begin(now) { reading.survivors = 2; }

  // One tick, in which everybody who was told returns and takes `us` for it.
  std::size_t tick(std::uint64_t us, Duration time = kTick, std::uint64_t failures = 0) {
    now += time;
    reading.failures += failures;
    pacer.note(reading, now);
    const std::size_t told = pacer.take(waiting, dues, now);
    REQUIRE(told <= waiting);
    waiting -= told;
    for (DrainPacer::Due& due : dues) {
      due.waiting = waiting;
    }
    reading.handshakes += told;
    reading.handshake_us += told * us;
    total += told;
    return told;
  }
  void run(Duration time, std::uint64_t us, std::uint64_t failures_a_tick = 0) {
    for (const Instant end = now + time; now < end;) {
      tick(us, kTick, failures_a_tick);
    }
  }
  // Handshakes of clients that come anyway.
  void add_history(std::uint64_t count, std::uint64_t us) {
    reading.handshakes += count;
    reading.handshake_us += count * us;
  }
  void all_told_within(Duration time) { dues.push_back({.waiting = waiting, .until = now + time}); }
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(now - begin).count(); }

  Instant now{Duration(1'000'000)};
  DrainPacer pacer;
  SurvivorReading reading;
  std::vector<DrainPacer::Due> dues;
  std::size_t waiting = 1'000'000;
  std::size_t total = 0;
  Instant begin;
};

TEST_CASE("a calm drain goes at its rate, in ticks of a few") {
  const double per_second = GENERATE(0.2, 1.0, 7.0, 100.0, 5000.0);
  Story story(per_second);
  std::size_t most = 0;
  constexpr int kTicks = 20 * 20;  // 20 s
  for (int i = 0; i < kTicks; ++i) {
    most = std::max(most, story.tick(kQuickUs));
  }
  const double expected = per_second * story.seconds();
  CHECK(static_cast<double>(story.total) <= expected + 1);
  CHECK(static_cast<double>(story.total) >= expected * 0.98 - 1);
  CHECK(static_cast<double>(most) <= per_second * 0.05 + 1);
}

TEST_CASE("however ticks fall, no more passes than rate times time and the burst") {
  Random random(GENERATE(1U, 2U, 3U, 4U, 5U));
  Story story(1.0 + static_cast<double>(random.below(1000)));
  const double per_second = story.pacer.rate_now();
  const double burst = std::max(1.0, per_second * 0.2);
  for (int i = 0; i < 2000; ++i) {
    story.tick(random.below(kSlowUs), Duration(random.below(400)), random.below(3));
    CHECK(static_cast<double>(story.total) <= per_second * story.seconds() + burst);
  }
}

TEST_CASE("without a limit everybody passes at once") {
  Story story(0);
  CHECK(story.tick(kQuickUs) == 1'000'000);
}

TEST_CASE("a thread that is a little late loses nothing of the rate") {
  Story story(100);
  for (int i = 0; i < 100; ++i) {
    story.tick(kQuickUs, i % 2 == 0 ? Duration(190) : Duration(10));
  }
  CHECK(static_cast<double>(story.total) >= 100 * story.seconds() * 0.98);
}

TEST_CASE("handshakes that get slow slow the drain down to a floor, and it comes back") {
  Story story(640);
  story.add_history(1000, kQuickUs);
  story.run(std::chrono::seconds(3), kQuickUs);
  CHECK_FALSE(story.pacer.is_slowed());
  story.run(std::chrono::seconds(5), kSlowUs);
  CHECK(story.pacer.is_slowed());
  CHECK(story.pacer.rate_now() <= 640.0 / 8);
  story.run(std::chrono::seconds(10), kSlowUs);
  CHECK(story.pacer.rate_now() >= 640 * DrainPacer::kSlowestPace);
  const std::size_t before = story.total;
  story.run(std::chrono::seconds(2), kSlowUs);
  CHECK(story.total > before);
  story.run(std::chrono::seconds(12), kQuickUs);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("handshakes that are a few times slower and still quick slow nothing down") {
  Story story(100);
  story.add_history(1000, 1'000);
  story.run(std::chrono::seconds(10), 40'000);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("handshakes that have always been slow slow nothing down") {
  Story story(100);
  if (GENERATE(true, false)) {
    story.add_history(1000, kSlowUs);
  }
  story.run(std::chrono::seconds(10), kSlowUs);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("what stays slow for minutes becomes the usual") {
  Story story(100);
  story.add_history(1000, 20'000);
  story.run(std::chrono::seconds(8), kSlowUs);
  CHECK(story.pacer.is_slowed());
  story.run(std::chrono::minutes(10), kSlowUs);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("refusals slow the drain down, a single one does not") {
  Story story(100);
  story.add_history(1000, kQuickUs);
  story.tick(kQuickUs, kTick, 1);
  story.run(std::chrono::seconds(4), kQuickUs);
  CHECK_FALSE(story.pacer.is_slowed());
  story.run(std::chrono::seconds(4), kQuickUs, 2);
  CHECK(story.pacer.is_slowed());
  story.run(std::chrono::seconds(12), kQuickUs);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("other survivors begin a new measurement: their history is not taken for news") {
  Story story(100);
  story.add_history(1000, kQuickUs);
  story.run(std::chrono::seconds(2), kQuickUs);
  story.reading.set = 17;
  story.reading.failures += 100'000;
  story.add_history(1000, kSlowUs);
  story.run(std::chrono::seconds(2), kQuickUs);
  CHECK_FALSE(story.pacer.is_slowed());
}

TEST_CASE("everybody is told by the time that was set, evenly and whatever the distress") {
  const std::uint64_t us = GENERATE(kQuickUs, kSlowUs);
  Story story(1);
  story.add_history(1000, kQuickUs);
  story.waiting = 3000;
  story.all_told_within(std::chrono::seconds(30));
  std::size_t most = 0;
  while (story.now < story.begin + std::chrono::seconds(30)) {
    most = std::max(most, story.tick(us, kTick, us == kSlowUs ? 5 : 0));
  }
  CHECK(story.waiting == 0);
  CHECK(most <= 10);  // 3000 in 600 ticks are 5 a tick
}

TEST_CASE("where the rate is enough for the time that was set it is kept") {
  Story story(100);
  story.waiting = 1000;
  story.all_told_within(std::chrono::seconds(30));
  story.run(std::chrono::seconds(5), kQuickUs);
  CHECK(story.total >= 480);
  CHECK(story.total <= 520);
}

TEST_CASE("what was taken and not told is taken again") {
  Story story(10);
  for (int i = 0; i < 20; ++i) {
    story.pacer.give_back(story.tick(kQuickUs));
  }
  CHECK(story.total > 10);
  CHECK(story.tick(kQuickUs) <= 2);
}

}  // namespace
}  // namespace limpet::backends
