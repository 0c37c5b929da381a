// Which events follow from how backends and configuration are at one look and at the next.
#include "admin/event_watch.h"

#include <string>

#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

using namespace limpet;
using affinity::make_backend;
using backends::Health;
using backends::Mode;

namespace {

// A pool "web" that is looked at.
class Watched {
 public:
  std::vector<backends::Backend> backends = affinity::make_backends(2);
  std::uint64_t generation = 1;

  // The events as "what pool/backend from>to sessions".
  std::vector<std::string> look() {
    std::vector<affinity::PoolView> pools(1);
    pools[0].name = "web";
    pools[0].backends = backends::BackendSet(backends);
    std::vector<std::string> lines;
    for (const auto& event :
         watch_.look({.pools = pools, .generation = generation, .now = WallTime(Duration(5))})) {
      CHECK(event.at == WallTime(Duration(5)));
      lines.push_back(std::string(event.what) + " " + event.pool + "/" + event.backend + " " + event.from +
                      ">" + event.to + " " + std::to_string(event.sessions));
    }
    return lines;
  }

 private:
  admin::EventWatch watch_;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the first look tells nothing, and what stays the same is never told") {
  Watched watched;
  CHECK(watched.look().empty());
  CHECK(watched.look().empty());
}

TEST_CASE("health and mode are told with what they were, once") {
  Watched watched;
  static_cast<void>(watched.look());
  watched.backends[0].state->health = Health::Down;
  watched.backends[0].state->sessions = 3;
  watched.backends[1].state->mode = Mode::Draining;
  CHECK(watched.look() == Lines{"health web/b1 up>down 3", "mode web/b2 enabled>draining 0"});
  CHECK(watched.look().empty());
  watched.backends[0].state->health = Health::Up;
  CHECK(watched.look() == Lines{"health web/b1 down>up 3"});
}

TEST_CASE("a backend out of service that loses its last session is drained, one in service is not") {
  Watched watched;
  for (auto& backend : watched.backends) {
    backend.state->sessions = 1;
  }
  watched.backends[0].state->mode = Mode::Draining;
  static_cast<void>(watched.look());
  for (auto& backend : watched.backends) {
    backend.state->sessions = 0;
  }
  CHECK(watched.look() == Lines{"drained web/b1 > 0"});
}

TEST_CASE("backends that come, leave and go are told, and a configuration that runs") {
  Watched watched;
  static_cast<void>(watched.look());
  watched.backends.push_back(make_backend(3, "b3"));
  watched.backends[0].is_leaving = true;
  watched.generation = 2;
  CHECK(watched.look() == Lines{"configuration / 1>2 0", "leaving web/b1 > 0", "added web/b3 >up 0"});
  watched.backends.erase(watched.backends.begin());
  CHECK(watched.look() == Lines{"removed web/b1 > 0"});
  CHECK(watched.look().empty());
}
