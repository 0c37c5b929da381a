#include "backends/backend_set.h"

#include <utility>

#include "tests/support/catch.h"

namespace limpet::backends {
namespace {

Backend named(BackendId id, std::string name, std::uint32_t weight = 1) {
  Backend backend;
  backend.id = id;
  backend.name_hash = 1000U + id;
  backend.spec.name = std::move(name);
  backend.spec.weight = weight;
  backend.state = std::make_shared<BackendState>();
  return backend;
}

TEST_CASE("a set keeps the order of the file") {
  const BackendSet set({named(7, "z"), named(3, "a"), named(5, "m")});
  REQUIRE(set.size() == 3);
  CHECK(set[0].spec.name == "z");
  CHECK(set[1].spec.name == "a");
  CHECK(set[2].spec.name == "m");
}

TEST_CASE("a backend is found by number, name and name hash, and nothing else is found") {
  const BackendSet set({named(7, "z"), named(3, "a"), named(5, "m")});
  CHECK(set.by_id(3) == &set[1]);
  CHECK(set.by_id(7) == &set[0]);
  CHECK(set.by_id(4) == nullptr);
  CHECK(set.by_id(8) == nullptr);
  CHECK(set.by_name("m") == &set[2]);
  CHECK(set.by_name("M") == nullptr);
  CHECK(set.by_name_hash(1003) == &set[1]);
  CHECK(set.by_name_hash(3) == nullptr);
}

TEST_CASE("of backends that share a name hash the first of the file is found") {
  const BackendSet set({named(9, "z"), named(4, "a"), named(4, "m")});
  CHECK(set.by_name_hash(1004) == &set[1]);
}

TEST_CASE("a standing is that of its backend, and nobody without an address takes anybody") {
  std::vector<Backend> backends{named(1, "a", 4), named(2, "b", 0), named(3, "c")};
  backends[0].address = SocketAddress(IpAddress::from_v4({10, 0, 0, 1}), 3000);
  backends[1].address = backends[0].address;
  backends[1].spec.max_sessions = 7;
  const BackendSet set(std::move(backends));
  REQUIRE(set.standings().size() == 3);
  CHECK(set.standings()[0].weight == 4);
  CHECK(set.standings()[0].load_limit == ~0U);
  CHECK(set.standings()[1].weight == 1);
  CHECK(set.standings()[1].load_limit == 7);
  CHECK(set.standings()[2].load_limit == 0);
  CHECK(set.standings()[2].state == set[2].state.get());
  CHECK(set.index_of(set[2]) == 2);
}

TEST_CASE("an empty set finds nothing") {
  const BackendSet set;
  CHECK(set.empty());
  CHECK(set.by_id(0) == nullptr);
  CHECK(set.by_name("") == nullptr);
  CHECK(set.by_name_hash(0) == nullptr);
}

TEST_CASE("lookups of a moved set point into the new one") {
  BackendSet first({named(1, "a"), named(2, "b")});
  const BackendSet second = std::move(first);
  CHECK(second.by_id(2) == &second[1]);
  CHECK(second.by_name("a") == &second[0]);
}

TEST_CASE("a walk slot carries the hash and the inverse weight of its backend") {
  const BackendSet set({named(1, "a", 4), named(2, "b", 0)});
  REQUIRE(set.walk_slots().size() == 2);
  CHECK(set.walk_slots()[0].name_hash == 1001);
  CHECK(set.walk_slots()[0].inverse_weight == 0.25);
  CHECK(set.walk_slots()[1].inverse_weight == 1.0);
}

TEST_CASE("load is tunnels and requests under way") {
  BackendState state;
  state.sessions = 3;
  state.exchanges = 4;
  CHECK(state.load() == 7);
}

}  // namespace
}  // namespace limpet::backends
