#include "proxy/client_ledger.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::proxy;
using namespace std::chrono_literals;

namespace {

const Instant kStart{std::chrono::hours(100)};

ClientId id(const std::string& address) {
  return client_id(IpAddress::parse(address).value());
}

ClientId numbered(std::uint32_t number) {
  return client_id(
      IpAddress::from_v4({static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
                          static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)}));
}

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return now_; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return {}; }
  void advance(Duration by) { now_ += by; }

 private:
  Instant now_ = kStart;
};

// What the ledger is meant to be, for one client, in whole numbers: a bucket of handshakes * per drops, which
// gains `handshakes` drops a millisecond and gives `per` drops to a handshake.
class NaiveClient {
 public:
  Admission admit(const ClientLimits& limits, Instant now) {
    if (limits.sessions != 0 && sessions_ == limits.sessions) {
      return Admission::TooManySessions;
    }
    if (limits.handshakes != 0 && !charge(limits, now)) {
      return Admission::TooFast;
    }
    ++sessions_;
    return Admission::Admitted;
  }
  void leave() { --sessions_; }
  [[nodiscard]] std::uint32_t sessions() const { return sessions_; }

 private:
  bool charge(const ClientLimits& limits, Instant now) {
    const std::int64_t most = limits.handshakes * limits.per.count();
    drops_ = std::min(most, drops_.value_or(most) + (now - seen_).count() * limits.handshakes);
    seen_ = now;
    const bool enough = *drops_ >= limits.per.count();
    *drops_ -= enough ? limits.per.count() : 0;
    return enough;
  }

  std::uint32_t sessions_ = 0;
  std::optional<std::int64_t> drops_;
  Instant seen_ = kStart;
};

// Handshakes of one client, all admitted or refused at `now`, each of which leaves at once.
std::uint32_t admitted_of(ClientLedger& ledger, std::uint32_t tries, const ClientLimits& limits,
                          Instant now) {
  std::uint32_t admitted = 0;
  for (std::uint32_t i = 0; i < tries; ++i) {
    if (ledger.admit(id("1.2.3.4"), limits, now).admission == Admission::Admitted) {
      ledger.leave(id("1.2.3.4"), now);
      ++admitted;
    }
  }
  return admitted;
}

}  // namespace

TEST_CASE("a client is an IPv4 address or the /64 of an IPv6 one") {
  CHECK(id("1.2.3.4") == id("::ffff:1.2.3.4"));
  CHECK(id("1.2.3.4") != id("1.2.3.5"));
  CHECK(id("1.2.3.4") != id("::1.2.3.4"));
  CHECK(id("2001:db8:1:2::1") == id("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(id("2001:db8:1:2::1") != id("2001:db8:1:3::1"));
  CHECK(id("2001:db8:1:2::1") != id("2001:db8:1::1"));
  CHECK(id("0.0.0.0") != id("::"));
  CHECK(id("1.2.3.4") != id("102:304::"));
}

TEST_CASE("a client at its limit is let in again when a session of its ends, and others never wait for it") {
  ClientLedger ledger;
  const ClientLimits limits{.sessions = 2};
  CHECK(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::Admitted);
  CHECK(ledger.admit(id("::ffff:1.2.3.4"), limits, kStart).admission == Admission::Admitted);
  const auto refused = ledger.admit(id("1.2.3.4"), limits, kStart);
  CHECK(refused.admission == Admission::TooManySessions);
  CHECK(refused.retry_after_s == 0);
  CHECK(ledger.admit(id("1.2.3.5"), limits, kStart).admission == Admission::Admitted);
  ledger.leave(id("1.2.3.4"), kStart);
  CHECK(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::Admitted);
  CHECK(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::TooManySessions);
}

TEST_CASE("a new client may begin as many handshakes at once as the rate has, and then keeps its pace") {
  ClientLedger ledger;
  const ClientLimits limits{.handshakes = 5, .per = 1s};
  CHECK(admitted_of(ledger, 8, limits, kStart) == 5);
  CHECK(admitted_of(ledger, 3, limits, kStart + 199ms) == 0);
  CHECK(admitted_of(ledger, 3, limits, kStart + 200ms) == 1);
  CHECK(admitted_of(ledger, 9, limits, kStart + 800ms) == 3);
  CHECK(admitted_of(ledger, 9, limits, kStart + 10s) == 5);
}

TEST_CASE("a client that waits as long as it is told is let in") {
  for (const ClientLimits& limits : {ClientLimits{.handshakes = 1, .per = 1ms},
                                     {.handshakes = 3, .per = 1s},
                                     {.handshakes = 7, .per = 1min},
                                     {.handshakes = 1, .per = 1h},
                                     {.handshakes = 4'000'000'000, .per = 24h}}) {
    CAPTURE(limits.handshakes, limits.per.count());
    ClientLedger ledger;
    Instant now = kStart;
    if (limits.handshakes < 10) {
      REQUIRE(admitted_of(ledger, limits.handshakes, limits, now) == limits.handshakes);
    }
    for (int i = 0; i < 5; ++i) {
      const auto answer = ledger.admit(id("1.2.3.4"), limits, now);
      if (answer.admission == Admission::Admitted) {
        ledger.leave(id("1.2.3.4"), now);
        continue;
      }
      REQUIRE(answer.admission == Admission::TooFast);
      REQUIRE(answer.retry_after_s >= 1);
      now += std::chrono::seconds(answer.retry_after_s);
      CHECK(admitted_of(ledger, 1, limits, now) == 1);
    }
  }
}

TEST_CASE("a client refused for one limit is not charged for the other") {
  ClientLedger ledger;
  const ClientLimits limits{.sessions = 1, .handshakes = 2, .per = 1h};
  REQUIRE(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::Admitted);
  for (int i = 0; i < 10; ++i) {
    CHECK(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::TooManySessions);
  }
  ledger.leave(id("1.2.3.4"), kStart);
  CHECK(admitted_of(ledger, 10, limits, kStart) == 1);
  CHECK(ledger.size() == 1);
}

// Rates whose interval is a whole number of nanoseconds, so that both must agree to the handshake.
TEST_CASE("the ledger answers as a naive count of every client does") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  constexpr std::array<std::uint32_t, 4> kSessions{0, 1, 3, 10};
  constexpr std::array<std::uint32_t, 4> kHandshakes{0, 1, 4, 25};
  for (int round = 0; round < 64; ++round) {
    const ClientLimits limits{.sessions = kSessions.at(random.below(4)),
                              .handshakes = kHandshakes.at(random.below(4)),
                              .per = Duration(100 * (1 + static_cast<int>(random.below(30))))};
    ClientLedger ledger;
    std::array<NaiveClient, 6> naive;
    Instant now = kStart;
    for (int step = 0; step < 2000; ++step) {
      now += Duration(random.below(4) == 0 ? random.below(200) : 0);
      const auto number = static_cast<std::uint32_t>(random.below(naive.size()));
      NaiveClient& client = naive.at(number);
      if (random.below(3) != 0) {
        REQUIRE(ledger.admit(numbered(number), limits, now).admission == client.admit(limits, now));
      } else if (client.sessions() > 0) {
        client.leave();
        ledger.leave(numbered(number), now);
      }
      REQUIRE((limits.sessions == 0 || client.sessions() <= limits.sessions));
    }
    REQUIRE(ledger.size() <= naive.size());
  }
}

TEST_CASE("in no span of time are more handshakes let in than the burst and the rate allow") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (const ClientLimits& limits : {ClientLimits{.handshakes = 3, .per = 1s},
                                     {.handshakes = 7, .per = 100ms},
                                     {.handshakes = 1, .per = 7ms},
                                     {.handshakes = 1000, .per = 333ms}}) {
    CAPTURE(limits.handshakes, limits.per.count());
    ClientLedger ledger;
    std::vector<Instant> admitted;
    Instant now = kStart;
    for (int step = 0; step < 3000; ++step) {
      now +=
          Duration(random.below(3) == 0 ? random.below(static_cast<std::uint64_t>(limits.per.count())) : 0);
      if (admitted_of(ledger, 1, limits, now) == 1) {
        admitted.push_back(now);
      }
    }
    for (std::size_t last = 0; last < admitted.size(); last += 7) {
      for (std::size_t first = 0; first <= last; ++first) {
        const std::int64_t elapsed = (admitted[last] - admitted[first]).count();
        const std::int64_t allowed = limits.handshakes + elapsed * limits.handshakes / limits.per.count();
        REQUIRE(static_cast<std::int64_t>(last - first + 1) <= allowed);
      }
    }
  }
}

TEST_CASE("a worker whose clock lags behind lets in no more than one whose does not") {
  ClientLedger ledger;
  const ClientLimits limits{.handshakes = 10, .per = 1s};
  std::uint32_t admitted = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    const Instant now = kStart + Duration(turn * 10);
    admitted += admitted_of(ledger, 1, limits, now);
    admitted += admitted_of(ledger, 1, limits, now - 500ms);
  }
  CHECK(admitted <= 10 + 100);
  CHECK(admitted >= 100);
}

TEST_CASE("time that jumps back keeps no client out for longer than the unit of its rate") {
  ClientLedger ledger;
  const ClientLimits limits{.sessions = 5, .handshakes = 4, .per = 2s};
  REQUIRE(admitted_of(ledger, 9, limits, kStart) == 4);
  const Instant before = kStart - 3h;
  CHECK(admitted_of(ledger, 1, limits, before) == 0);
  CHECK(admitted_of(ledger, 9, limits, before + 500ms) == 1);
  CHECK(admitted_of(ledger, 9, limits, before + 4s) == 4);
  CHECK(ledger.admit(id("1.2.3.4"), limits, before + 8s).admission == Admission::Admitted);
  ledger.leave(id("1.2.3.4"), before);
  CHECK(ledger.size() == 1);
}

TEST_CASE("new limits count from the next handshake on") {
  ClientLedger ledger;
  const ClientId client = id("1.2.3.4");
  for (int i = 0; i < 3; ++i) {
    REQUIRE(ledger.admit(client, {.sessions = 3}, kStart).admission == Admission::Admitted);
  }
  CHECK(ledger.admit(client, {.sessions = 2}, kStart).admission == Admission::TooManySessions);
  CHECK(ledger.admit(client, {.sessions = 4}, kStart).admission == Admission::Admitted);
  CHECK(ledger.admit(client, {.handshakes = 1, .per = 1h}, kStart).admission == Admission::Admitted);
  CHECK(ledger.admit(client, {.handshakes = 1, .per = 1h}, kStart).admission == Admission::TooFast);
  // An hour is owed under the limits of before.
  CHECK(ledger.admit(client, {.handshakes = 10, .per = 1s}, kStart).admission == Admission::TooFast);
  CHECK(ledger.admit(client, {.handshakes = 10, .per = 1s}, kStart + 100ms).admission == Admission::Admitted);
  CHECK(ledger.admit(client, {}, kStart).admission == Admission::Admitted);
  for (int i = 0; i < 7; ++i) {
    ledger.leave(client, kStart + 1min);
  }
  CHECK(ledger.size() == 0);
}

TEST_CASE("an entry goes when its client has left and owes nothing") {
  ClientLedger ledger;
  const ClientLimits limits{.sessions = 9, .handshakes = 10, .per = 1s};
  REQUIRE(ledger.admit(id("1.2.3.4"), limits, kStart).admission == Admission::Admitted);
  ledger.leave(id("1.2.3.4"), kStart + 100ms);
  CHECK(ledger.size() == 0);
  // Those that leave earlier go when others come.
  for (std::uint32_t number = 0; number < 10'000; ++number) {
    REQUIRE(ledger.admit(numbered(number), limits, kStart).admission == Admission::Admitted);
    ledger.leave(numbered(number), kStart);
  }
  CHECK(ledger.size() == 10'000);
  for (std::uint32_t number = 0; number < 10'000; ++number) {
    REQUIRE(ledger.admit(numbered(10'000 + number), limits, kStart + 1s).admission == Admission::Admitted);
    ledger.leave(numbered(10'000 + number), kStart + 2s);
  }
  CHECK(ledger.size() < 100);
}

TEST_CASE("a million addresses take no more room than the idle bound, and lose nobody's session") {
  constexpr std::size_t kMaxIdle = 64 * 16;
  constexpr std::uint32_t kAddresses = 1'000'000;
  ClientLedger ledger(kMaxIdle);
  const ClientLimits limits{.sessions = 1, .handshakes = 1, .per = 1h};
  REQUIRE(ledger.admit(id("2001:db8::1"), limits, kStart).admission == Admission::Admitted);
  for (std::uint32_t number = 0; number < kAddresses; ++number) {
    if (ledger.admit(numbered(number), limits, kStart).admission != Admission::Admitted) {
      FAIL("a new client was refused: " << number);
    }
    ledger.leave(numbered(number), kStart);
  }
  CHECK(ledger.size() == kMaxIdle + 1);
  CHECK(ledger.admit(id("2001:db8::2"), limits, kStart + 2h).admission == Admission::TooManySessions);
  ledger.leave(id("2001:db8::1"), kStart + 2h);
  CHECK(ledger.admit(id("2001:db8::2"), limits, kStart + 2h).admission == Admission::Admitted);
}

TEST_CASE("clients with sessions are counted however many there are") {
  ClientLedger ledger(0);
  const ClientLimits limits{.sessions = 1, .handshakes = 1, .per = 1h};
  constexpr std::uint32_t kClients = 50'000;
  for (std::uint32_t number = 0; number < kClients; ++number) {
    REQUIRE(ledger.admit(numbered(number), limits, kStart).admission == Admission::Admitted);
  }
  CHECK(ledger.size() == kClients);
  for (std::uint32_t number = 0; number < kClients; ++number) {
    REQUIRE(ledger.admit(numbered(number), limits, kStart).admission == Admission::TooManySessions);
    ledger.leave(numbered(number), kStart);
  }
  CHECK(ledger.size() == 0);
}

TEST_CASE("a seat leaves once, wherever it was moved") {
  ClientLedger ledger;
  const ManualClock clock;
  const ClientLimits limits{.sessions = 2};
  const auto sit = [&](const std::string& address) {
    REQUIRE(ledger.admit(id(address), limits, clock.now()).admission == Admission::Admitted);
    return ClientSeat(ledger, clock, id(address));
  };
  {
    ClientSeat seat = sit("1.2.3.4");
    ClientSeat moved(std::move(seat));
    CHECK(moved.is_held());
    CHECK(ledger.size() == 1);
    ClientSeat assigned = sit("1.2.3.5");
    CHECK(ledger.size() == 2);
    assigned = std::move(moved);
    CHECK(ledger.size() == 1);
    assigned.end();
    assigned.end();
    CHECK_FALSE(assigned.is_held());
    CHECK(ledger.size() == 0);
    assigned = sit("1.2.3.4");
    assigned = ClientSeat();
    CHECK(ledger.size() == 0);
    assigned = sit("1.2.3.4");
    CHECK(ledger.size() == 1);
  }
  CHECK(ledger.size() == 0);
}

TEST_CASE("a seat leaves at the time of its clock") {
  ClientLedger ledger;
  ManualClock clock;
  const ClientLimits limits{.handshakes = 1, .per = 1s};
  for (const bool waits : {true, false}) {
    REQUIRE(ledger.admit(id("1.2.3.4"), limits, clock.now()).admission == Admission::Admitted);
    ClientSeat seat(ledger, clock, id("1.2.3.4"));
    clock.advance(waits ? 1s : 0s);
    seat.end();
    CHECK(ledger.size() == (waits ? 0 : 1));
  }
}

TEST_CASE("workers at once never let a client in above its limit and leave an empty ledger") {
  constexpr std::uint32_t kClients = 40;
  constexpr std::uint32_t kMost = 3;
  ClientLedger ledger(64);
  std::array<std::atomic<std::uint32_t>, kClients> seated{};
  std::atomic<bool> exceeded{false};
  std::atomic<std::uint64_t> refusals{0};
  const auto work = [&](std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint32_t> mine;
    Instant now = kStart;
    for (int step = 0; step < 20'000; ++step) {
      now += Duration(random.below(2));
      const auto number = static_cast<std::uint32_t>(random.below(kClients));
      const ClientLimits limits{.sessions = kMost,
                                .handshakes = 1 + 100 * static_cast<std::uint32_t>(random.below(2)),
                                .per = 10ms};
      if (random.below(2) == 0 && !mine.empty()) {
        --seated.at(mine.back());
        ledger.leave(numbered(mine.back()), now);
        mine.pop_back();
      } else if (ledger.admit(numbered(number), limits, now).admission == Admission::Admitted) {
        exceeded = exceeded || ++seated.at(number) > kMost;
        mine.push_back(number);
      } else {
        ++refusals;
      }
      static_cast<void>(step % 1000 == 0 ? ledger.size() : 0);
    }
    for (const std::uint32_t number : mine) {
      --seated.at(number);
      ledger.leave(numbered(number), now + 1h);
    }
  };
  std::vector<std::thread> workers;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    workers.emplace_back(work, seed);
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  CHECK_FALSE(exceeded);
  CHECK(refusals > 0);
  for (std::uint32_t number = 0; number < kClients; ++number) {
    REQUIRE(ledger.admit(numbered(number), {.sessions = 1}, kStart + 2h).admission == Admission::Admitted);
    ledger.leave(numbered(number), kStart + 2h);
  }
  CHECK(ledger.size() == 0);
}
