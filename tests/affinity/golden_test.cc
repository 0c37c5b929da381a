// Golden values: a node of another build, compiler or machine must come to the same backend. If one of these
// changes, clients move at an upgrade; that needs a reason in the change log.
#include <array>
#include <string>
#include <vector>

#include "affinity/key.h"
#include "affinity/walk.h"
#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

TEST_CASE("names hash to the same numbers on every node") {
  CHECK(hash_name("b1") == 0x07ebb745a9af4972ULL);
  CHECK(hash_name("10.0.0.1:3000") == 0x0c3903e7e925507fULL);
}

TEST_CASE("keys hash to the same numbers on every node") {
  CHECK(Key::make(KeyKind::Cookie, "0123456789abcdef").hash == 0x64439946d8fa212dULL);
  CHECK(Key::make(KeyKind::ClientIp, "10.0.0.1").hash == 0xa17687aba5ec25b7ULL);
  CHECK(Key::make(KeyKind::ClientIp, "2001:db8::/64").hash == 0xfe9ac181106fb6c4ULL);
  CHECK(Key::make(KeyKind::Header, "alice").hash == 0xe34670e0477e8382ULL);
  CHECK(Key::make(KeyKind::Query, "alice").hash == 0xf543ae0492831a86ULL);
  CHECK(Key::make(KeyKind::Path, "room-7").hash == 0x333e44c89bc7aba2ULL);
}

TEST_CASE("logarithms are the same to the last bit on every node") {
  CHECK(negative_log(0.5) == 0x1.62e42fefa39efp-1);
  CHECK(negative_log(0.1) == 0x1.26bb1bbb55515p+1);
  CHECK(negative_log(0.999) == 0x1.064670d979b73p-10);
  CHECK(negative_log(0x1p-53) == 0x1.25e4f7b2737fap+5);
}

struct Golden {
  const char* key;
  std::array<backends::BackendId, 6> equal;     // all weights 1
  std::array<backends::BackendId, 6> weighted;  // b2 weighs 3, b5 weighs 10
};

constexpr Golden kGolden[] = {
    {"10.0.0.1", {4, 2, 5, 1, 6, 3}, {5, 4, 2, 1, 6, 3}},
    {"10.0.0.2", {3, 4, 6, 1, 2, 5}, {3, 5, 4, 6, 2, 1}},
    {"192.168.1.77", {5, 6, 2, 3, 1, 4}, {5, 2, 6, 3, 1, 4}},
    {"2001:db8::/64", {6, 4, 3, 1, 5, 2}, {6, 5, 4, 3, 2, 1}},
    {"203.0.113.0/24", {5, 4, 3, 1, 2, 6}, {5, 4, 2, 3, 1, 6}},
};

std::array<backends::BackendId, 6> order_of(const backends::BackendSet& set, const Key& key) {
  std::array<backends::BackendId, 6> order{};
  Walk walk(set, key.hash);
  for (backends::BackendId& id : order) {
    id = walk.next()->id;
  }
  return order;
}

TEST_CASE("a key walks through the same backends on every node") {
  std::vector<backends::Backend> backends = make_backends(6);
  const backends::BackendSet equal(backends);
  backends[1].spec.weight = 3;
  backends[4].spec.weight = 10;
  const backends::BackendSet weighted(backends);
  for (const Golden& golden : kGolden) {
    CAPTURE(golden.key);
    const Key key = Key::make(KeyKind::ClientIp, golden.key);
    CHECK(order_of(equal, key) == golden.equal);
    CHECK(order_of(weighted, key) == golden.weighted);
  }
}

}  // namespace
}  // namespace limpet::affinity
