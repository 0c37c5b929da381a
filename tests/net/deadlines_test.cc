#include "net/deadlines.h"

#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "tests/support/catch.h"

using namespace limpet;

namespace {

struct Waiter final : net::DeadlineOwner {
  net::Deadline deadline{*this};
  Instant due{};
  std::vector<Instant>* fired = nullptr;
  const Instant* now = nullptr;
  std::function<void()> then;
  int times = 0;
  void on_deadline() override {
    ++times;
    if (fired != nullptr) {
      fired->push_back(*now);
    }
    if (then) {
      then();
    }
  }
};

Instant at(long ms) {
  return Instant(Duration(ms));
}

}  // namespace

TEST_CASE("a deadline fires once, not early and at most a tick late") {
  net::Deadlines wheel(at(1'000'000));
  Random random(7);
  Instant now = at(1'000'000);
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (int i = 0; i < 2000; ++i) {
    auto waiter = std::make_unique<Waiter>();
    waiter->due = now + Duration(static_cast<long>(random.below(120'000)));
    wheel.arm(waiter->deadline, waiter->due);
    waiters.push_back(std::move(waiter));
  }
  std::vector<Instant> fired_at(waiters.size());
  for (; now < at(1'125'000); now += Duration(10)) {
    wheel.sweep(now);
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      if (waiters[i]->times > 0 && fired_at[i] == Instant{}) {
        fired_at[i] = now;
      }
    }
  }
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    REQUIRE(waiters[i]->times == 1);
    REQUIRE(fired_at[i] >= waiters[i]->due);
    REQUIRE(fired_at[i] <= std::max(waiters[i]->due, at(1'000'050)) + Duration(60));
  }
}

TEST_CASE("a disarmed or destroyed deadline does not fire") {
  net::Deadlines wheel(at(0));
  Waiter disarmed;
  wheel.arm(disarmed.deadline, at(100));
  disarmed.deadline.disarm();
  {
    Waiter gone;
    wheel.arm(gone.deadline, at(100));
  }
  wheel.sweep(at(1000));
  CHECK(disarmed.times == 0);
}

TEST_CASE("an owner may arm, disarm and destroy others while it is called") {
  net::Deadlines wheel(at(0));
  Waiter first;
  Waiter second;
  auto third = std::make_unique<Waiter>();
  for (Waiter* waiter : {&first, &second, third.get()}) {
    wheel.arm(waiter->deadline, at(100));
  }
  first.then = [&] {
    second.deadline.disarm();
    third.reset();
    wheel.arm(first.deadline, at(400));
  };
  wheel.sweep(at(200));
  CHECK(first.times == 1);
  CHECK(second.times == 0);
  wheel.sweep(at(500));
  CHECK(first.times == 2);
}

TEST_CASE("a long pause of the clock fires everything that is due once") {
  net::Deadlines wheel(at(0));
  Waiter soon;
  Waiter late;
  wheel.arm(soon.deadline, at(100));
  wheel.arm(late.deadline, at(3'600'000));
  wheel.sweep(at(3'000'000));
  CHECK(soon.times == 1);
  CHECK(late.times == 0);
  wheel.sweep(at(3'600'100));
  CHECK(late.times == 1);
}
