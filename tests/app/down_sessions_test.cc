#include "app/down_sessions.h"

#include <optional>
#include <vector>

#include "tests/support/catch.h"

namespace limpet::app {
namespace {

using backends::Health;

constexpr Instant kStart{std::chrono::hours(9)};
constexpr Duration kSecond{1000};

// What was asked for, oldest first: no time = stop.
struct Asked final : SilentSessions {
  struct Call {
    backends::BackendId backend = 0;
    std::optional<Instant> silent_since;
    friend bool operator==(const Call&, const Call&) = default;
  };
  std::vector<Call> calls;

  void send_away(backends::BackendId backend, Instant silent_since) override {
    calls.push_back({backend, silent_since});
  }
  void stop(backends::BackendId backend) override { calls.push_back({backend, std::nullopt}); }
};

struct Story {
  Asked asked;
  DownSessions sessions{asked};
  healthcheck::Target target;

  Story() {
    target.backend.id = 3;
    target.backend.address = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 3000);
  }
  void becomes(Health health, Instant when) {
    sessions.on_change({.target = target, .to = health, .when = when});
  }
};

TEST_CASE("sessions of a backend that is down are given up when they were silent for close_after since") {
  Story story;
  story.becomes(Health::Down, kStart);
  story.sessions.look(kStart + 9 * kSecond);
  CHECK(story.asked.calls.empty());
  story.sessions.look(kStart + 10 * kSecond);
  story.sessions.look(kStart + 12 * kSecond);
  // One that heard something a second after it went down goes a second later.
  CHECK(story.asked.calls == std::vector<Asked::Call>{{3, kStart}, {3, kStart + 2 * kSecond}});
}

TEST_CASE("a backend that is back in time loses nobody, later no further ones") {
  Story story;
  story.becomes(Health::Down, kStart);
  SECTION("in time") {
    story.becomes(Health::Up, kStart + 9 * kSecond);
    story.sessions.look(kStart + 20 * kSecond);
    CHECK(story.asked.calls.empty());
  }
  SECTION("later") {
    story.sessions.look(kStart + 10 * kSecond);
    story.becomes(Health::Up, kStart + 11 * kSecond);
    story.sessions.look(kStart + 20 * kSecond);
    CHECK(story.asked.calls == std::vector<Asked::Call>{{3, kStart}, {3, std::nullopt}});
  }
  SECTION("taken away") {
    story.sessions.look(kStart + 10 * kSecond);
    story.becomes(Health::Unknown, kStart + 11 * kSecond);
    CHECK(story.asked.calls.back() == Asked::Call{3, std::nullopt});
  }
}

TEST_CASE("each time a backend goes down its sessions have all the time again") {
  Story story;
  story.becomes(Health::Down, kStart);
  story.becomes(Health::Up, kStart + 9 * kSecond);
  story.becomes(Health::Down, kStart + 9 * kSecond);
  story.sessions.look(kStart + 18 * kSecond);
  CHECK(story.asked.calls.empty());
  story.sessions.look(kStart + 19 * kSecond);
  CHECK(story.asked.calls.size() == 1);
}

TEST_CASE("sessions are kept where that is asked for, and where only the name is gone") {
  Story story;
  SECTION("on_down: keep") {
    story.target.rule.on_down = settings::OnDown::Keep;
  }
  SECTION("no address") {
    story.target.backend.address.reset();
  }
  story.becomes(Health::Down, kStart);
  story.sessions.look(kStart + std::chrono::hours(1));
  CHECK(story.asked.calls.empty());
}

}  // namespace
}  // namespace limpet::app
