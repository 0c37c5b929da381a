#include "net/blocked_signal.h"

#include <csignal>

#include "net/timer.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;

namespace {

// Turns until `done()`; a deadline keeps a failure from hanging.
template <typename Done>
bool turn_until(net::UvLoop& loop, Done done) {
  bool is_late = false;
  const net::Timer deadline(loop, 10s, [&] { is_late = true; });
  while (!done() && !is_late) {
    loop.turn();
  }
  return done();
}

}  // namespace

TEST_CASE("a blocked signal is an event while somebody reads it, and never ends the process") {
  net::BlockedSignal::block(SIGHUP);
  std::raise(SIGHUP);  // before there is a reader: it waits
  {
    net::UvLoop loop;
    int heard = 0;
    const net::BlockedSignal signal(loop, SIGHUP, [&] { ++heard; });
    CHECK(turn_until(loop, [&] { return heard == 1; }));
    std::raise(SIGHUP);
    CHECK(turn_until(loop, [&] { return heard == 2; }));
  }
  std::raise(SIGHUP);  // after the reader has gone: it waits again
  net::UvLoop loop;
  int heard = 0;
  const net::BlockedSignal signal(loop, SIGHUP, [&] { ++heard; });
  CHECK(turn_until(loop, [&] { return heard == 1; }));
}

TEST_CASE("a signal that was ignored by whoever started the process is heard all the same") {
  std::signal(SIGHUP, SIG_IGN);  // as nohup does
  net::BlockedSignal::block(SIGHUP);
  net::UvLoop loop;
  int heard = 0;
  const net::BlockedSignal signal(loop, SIGHUP, [&] { ++heard; });
  std::raise(SIGHUP);
  CHECK(turn_until(loop, [&] { return heard == 1; }));
}
