#include "settings/difference.h"

#include <algorithm>
#include <map>
#include <set>

#include "settings/report.h"
#include "settings/schema.h"
#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

// Two pools, two listeners, two routes: whatever a key belongs to is there, and has a neighbour.
const std::string kTwoPools =
    "listeners:\n"
    "  - {bind: 127.0.0.1:8080, pool: default}\n"
    "  - {bind: 127.0.0.1:8081, pool: chat}\n"
    "pools:\n"
    "  default: {backends: [{name: b1, address: '127.0.0.1:1'}, {name: b2, address: '127.0.0.1:2'}]}\n"
    "  chat: {backends: [{name: c1, address: '127.0.0.1:3'}, {name: c2, address: '127.0.0.1:4'}]}\n"
    "routes:\n"
    "  - {host: a.test, path: /a, pool: chat}\n"
    "  - {host: b.test, path: /b, pool: chat}\n";

std::vector<std::string> told(const std::vector<Change>& changes) {
  std::vector<std::string> lines;
  for (const Change& change : changes) {
    lines.push_back(std::string(word(change.kind)) + " " + change.key + " " + change.from + " > " +
                    change.to);
  }
  return lines;
}

std::vector<std::string> told(const Settings& from, const Settings& to) {
  return told(difference(from, to));
}

// Texts of every kind of value that the schema knows: one of them is another value of any key.
const std::vector<std::string> kTexts{
    "4",       "3",       "17s",          "true",
    "false",   "http",    "none",         "chat",
    "hash",    "off",     "10.1.0.0/16",  "https://a.test",
    "5/m",     "64KiB",   "127.0.0.1:77", "client_ip",
    "1001",    "204",     "2.5",          "/other",
    "keep",    "text",    "debug",        "other",
    "strict",  "default", "header:user",  "other.test",
    "require", "v2",      "redis",        "redis://a.test",
    "wait",    "250ms",
};

// Stores another value; the text that the row shows then, or nothing where there is only one value.
template <typename Owner>
std::string change(const Row<Owner>& row, Owner& owner) {
  for (const std::string& text : kTexts) {
    Owner other = owner;
    if (row.store(other, text) && row.show(other) != row.show(owner)) {
      owner = std::move(other);
      return row.show(owner).back();
    }
  }
  return {};
}

template <typename Owner, typename Find>
void check_alone(const Rows<Owner>& rows, const std::string& prefix, Find find,
                 const std::set<std::string>& identity = {}) {
  const Settings from = accepted(kTwoPools);
  for (const Row<Owner>& row : rows) {
    const std::string key = join_key(prefix, row.key.path);
    INFO(key);
    if (row.key.is_shared || identity.count(row.key.path) != 0) {
      continue;  // shared: below; the identity: is another owner then
    }
    Settings to = from;
    REQUIRE_FALSE(change(row, find(to)).empty());
    const auto changes = difference(from, to);
    REQUIRE(changes.size() == 1);
    CHECK(changes.front().kind == ChangeKind::Changed);
    CHECK(changes.front().key == key);
    CHECK(changes.front().from != changes.front().to);
    CHECK(changes.front().is_reloadable == row.key.is_reloadable);
    CHECK(changes.front().reaches_sessions == row.key.reaches_sessions);
  }
}

}  // namespace

TEST_CASE("equal configurations have no difference") {
  for (const std::string& text : {kBase, kTwoPools}) {
    CHECK(difference(accepted(text), accepted(text)).empty());
  }
}

TEST_CASE("each key changed alone is exactly that one change") {
  check_alone(top_rows(), "", [](Settings& all) -> Settings& { return all; });
  check_alone(listener_rows(), "listeners.127.0.0.1:8081",
              [](Settings& all) -> Listener& { return all.listeners[1]; }, {"bind"});
  check_alone(backend_rows(), "pools.chat.backends.c2",
              [](Settings& all) -> Backend& { return all.pools[1].backends[1]; }, {"name"});
  check_alone(route_rows(), "routes[1]", [](Settings& all) -> Route& { return all.routes[1]; });
  check_alone(affinity_rows(), "pools.chat.affinity",
              [](Settings& all) -> Affinity& { return all.pools[1].affinity; });
  check_alone(health_rows(), "pools.chat.health",
              [](Settings& all) -> Health& { return all.pools[1].health; });
  check_alone(drain_rows(), "pools.chat.drain", [](Settings& all) -> Drain& { return all.pools[1].drain; });
}

TEST_CASE("what changes alike in every pool is told once, at the top level") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  for (Pool& pool : to.pools) {
    pool.health.interval = std::chrono::seconds(7);
    pool.affinity.max_entries = 5;
  }
  CHECK(told(from, to) == std::vector<std::string>{"changed health.interval 2s > 7s",
                                                   "changed affinity.max_entries 1000000 > 5"});
  CHECK(difference(from, to)[0].owner.pool.empty());
  CHECK_FALSE(difference(from, to)[1].is_reloadable);
  to.pools[1].health.interval = std::chrono::seconds(8);
  CHECK(told(from, to) == std::vector<std::string>{"changed pools.default.health.interval 2s > 7s",
                                                   "changed pools.chat.health.interval 2s > 8s",
                                                   "changed affinity.max_entries 1000000 > 5"});
}

TEST_CASE("the section tls comes, changes and goes") {
  const Settings plain = accepted(kTwoPools);
  Settings secure = plain;
  secure.listeners[0].tls.emplace().certificates.push_back({"/a.pem", "/a.key"});
  secure.pools[0].backends[0].tls.emplace().ca = "/ca.pem";
  const std::string of_listener = "minimum_version: 1.2, kernel_tls: auto, certificates: [/a.pem /a.key]";
  const std::string of_backend = "verify: true, ca: /ca.pem";
  CHECK(told(plain, secure) ==
        std::vector<std::string>{"changed listeners.127.0.0.1:8080.tls off > " + of_listener,
                                 "changed pools.default.backends.b1.tls off > " + of_backend});
  CHECK(told(secure, plain) ==
        std::vector<std::string>{"changed listeners.127.0.0.1:8080.tls " + of_listener + " > off",
                                 "changed pools.default.backends.b1.tls " + of_backend + " > off"});
  Settings other = secure;
  other.listeners[0].tls->minimum_version = TlsVersion::Tls13;
  other.listeners[0].tls->certificates.push_back({"/b.pem", "/b.key"});
  other.pools[0].backends[0].tls->verify = false;
  CHECK(told(secure, other) ==
        std::vector<std::string>{"changed listeners.127.0.0.1:8080.tls.minimum_version 1.2 > 1.3",
                                 "changed listeners.127.0.0.1:8080.tls.certificates [/a.pem /a.key] > "
                                 "[/a.pem /a.key, /b.pem /b.key]",
                                 "changed pools.default.backends.b1.tls.verify true > false"});
  std::erase_if(other.listeners, [](const Listener& listener) { return listener.tls.has_value(); });
  CHECK(told(secure, other).front() ==
        "removed listeners.127.0.0.1:8080 pool: default, proxy_protocol: off, tls: {" + of_listener + "} > ");
}

TEST_CASE("how backends are told of a client changes for all pools, and for the next request") {
  const Settings from = accepted(kTwoPools);
  const Settings to = accepted(kTwoPools + "forwarded: both\n");
  CHECK(told(from, to) == std::vector<std::string>{"changed forwarded x_forwarded > both"});
  CHECK(told(to, from) == std::vector<std::string>{"changed forwarded both > x_forwarded"});
  CHECK(told(from, accepted(kTwoPools + "forwarded: x_forwarded\n")).empty());
  const Change change = difference(from, to).front();
  CHECK(change.is_reloadable);
  CHECK_FALSE(change.reaches_sessions);
  CHECK(change.owner.pool.empty());
}

TEST_CASE("the order of backends, listeners and pools makes no difference") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  std::ranges::reverse(to.listeners);
  std::ranges::reverse(to.pools);
  for (Pool& pool : to.pools) {
    std::ranges::reverse(pool.backends);
  }
  CHECK(told(from, to).empty());
}

TEST_CASE("the order of routes makes a difference") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  std::ranges::reverse(to.routes);
  CHECK(told(from, to).size() == 4);
}

TEST_CASE("a backend is known by its pool and name, whatever else of it changes") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  to.pools[0].backends[0].address.port = 9;
  to.pools[0].backends[1].name = "b3";
  CHECK(told(from, to) ==
        std::vector<std::string>{"changed pools.default.backends.b1.address 127.0.0.1:1 > 127.0.0.1:9",
                                 "removed pools.default.backends.b2 address: 127.0.0.1:2, weight: 1, "
                                 "max_sessions: 0, send_proxy: off > ",
                                 "added pools.default.backends.b3  > address: 127.0.0.1:2, weight: 1, "
                                 "max_sessions: 0, send_proxy: off"});
  CHECK(difference(from, to)[1].reaches_sessions);
  CHECK(difference(from, to)[1].owner.backend == "b2");
}

TEST_CASE("a pool that comes or goes is one change") {
  const Settings both = accepted(kTwoPools);
  Settings one = both;
  one.pools.pop_back();
  CHECK(told(both, one) == std::vector<std::string>{"removed pools.chat [c1, c2] > "});
  CHECK(told(one, both) == std::vector<std::string>{"added pools.chat  > [c1, c2]"});
}

TEST_CASE("a listener is known by its address, and one of several on port 0 by its pool too") {
  Settings from = accepted(kTwoPools);
  Settings to = from;
  to.listeners[0].bind.port = 9;
  CHECK(told(from, to) ==
        std::vector<std::string>{"removed listeners.127.0.0.1:8080 pool: default, proxy_protocol: off > ",
                                 "added listeners.127.0.0.1:9  > pool: default, proxy_protocol: off"});
  from.listeners[0].bind.port = 0;
  from.listeners[1].bind.port = 0;
  to = from;
  std::ranges::reverse(to.listeners);
  CHECK(match_listeners(from.listeners, to.listeners) == std::vector<std::optional<std::size_t>>{1, 0});
  to.listeners.pop_back();
  CHECK(told(from, to) ==
        std::vector<std::string>{"removed listeners.127.0.0.1:0 pool: default, proxy_protocol: off > "});
}

TEST_CASE("routes that were put in or taken out leave the others alone") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  to.routes.insert(to.routes.begin() + 1, Route{.host = "", .path = "/n", .pool = "default"});
  CHECK(told(from, to) == std::vector<std::string>{"added routes[1]  > path: /n, pool: default"});
  CHECK(told(to, from) == std::vector<std::string>{"removed routes[1] path: /n, pool: default > "});
}

TEST_CASE("there and back again are the same changes, the other way round") {
  const Settings from = accepted(kTwoPools);
  Settings to = from;
  to.pools[1].backends.pop_back();
  to.pools[0].backends.push_back(
      {.name = "b3", .address = {"127.0.0.1", 5, {}}, .weight = 2, .max_sessions = 0});
  to.pools[0].drain.reason = "bye";
  to.routes.pop_back();
  to.listeners.pop_back();
  to.retries = 5;
  const auto lines = [](const Settings& a, const Settings& b, bool swapped) {
    std::multiset<std::string> set;
    for (const Change& change : difference(a, b)) {
      set.insert(change.key + " " + (swapped ? change.to : change.from) + " > " +
                 (swapped ? change.from : change.to));
    }
    return set;
  };
  CHECK(lines(from, to, false).size() == 6);
  CHECK(lines(from, to, false) == lines(to, from, true));
}

TEST_CASE("what needs a restart is kept as it runs, and nothing else is") {
  const Settings running = accepted(kTwoPools);
  Settings loaded = accepted(kTwoPools +
                             "workers: 3\nadmin: {bind: off}\nlog: {level: debug, access: "
                             "false}\naffinity: {max_entries: 7}\nretries: 1\n");
  CHECK(told(running, loaded).size() == 6);
  keep_what_needs_restart(running, loaded);
  CHECK(told(running, loaded) ==
        std::vector<std::string>{"changed retries 2 > 1", "changed log.access true > false"});
  Settings same = running;
  keep_what_needs_restart(running, same);
  CHECK(same == running);
}

TEST_CASE("a place is that of the first key that the file says") {
  Places places("f");
  places.note("affinity.by", {.line = 3, .column = 5});
  CHECK(places.problem({"pools.a.affinity.by", "affinity.by"}, "wrong").to_string() ==
        "f:3:5: affinity.by: wrong");
  CHECK(places.problem({"pools.a.health.path", "health.path"}, "wrong").to_string() ==
        "f: health.path: wrong");
}
