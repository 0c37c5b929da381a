// Every kind of mistake, with exactly its place, key and words.

#include <cstdlib>

#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

constexpr const char* kBackendAddress =
    "expected HOST:PORT, \"[v6]:PORT\" or unix:/path, with a port from 1 to 65535";

}  // namespace

TEST_CASE("an empty file is refused") {
  CHECK(refused("") == "f: the file is empty: expected at least listeners and backends");
  CHECK(refused("# nothing\n") == "f: the file is empty: expected at least listeners and backends");
}

TEST_CASE("a file that is no mapping is refused") {
  CHECK(refused("- a\n") == "f:1:1: expected a mapping (key: value), found a list");
  CHECK(refused("hello\n") == "f:1:1: expected a mapping (key: value), found \"hello\"");
}

TEST_CASE("a syntax error is reported with its place") {
  CHECK(refused("listeners:\n  - bind: [::]:8443\n")
            .starts_with("f:2:15: not valid YAML: end of map not found"));
}

TEST_CASE("listeners and backends must be there") {
  CHECK(problems_in("workers: 1\n") ==
        std::vector<std::string>{
            "f: listeners: missing: expected a list of listeners (- bind: ADDRESS:PORT)",
            "f: backends: missing: expected backends, or pools that have them",
        });
}

TEST_CASE("empty lists are as good as none") {
  CHECK(problems_in("listeners: []\nbackends: []\n") ==
        std::vector<std::string>{
            "f:1:12: listeners: expected a list of listeners (- bind: ADDRESS:PORT), found an empty list",
            "f:2:11: backends: expected a list of backends (- address: HOST:PORT), found an empty list",
        });
  CHECK(refused("listeners: [{bind: 127.0.0.1:1}]\npools: {}\n") ==
        "f:2:8: pools: expected at least one pool, found an empty mapping");
}

TEST_CASE("an unknown key is answered with the nearest known one") {
  CHECK(refused(kBase + "worker: 2\n") == "f:5:1: worker: unknown key; did you mean \"workers\"?");
  CHECK(refused(kBase + "timeouts:\n  idel: 2s\n") ==
        "f:6:3: timeouts.idel: unknown key; did you mean \"idle\"?");
  CHECK(refused(kBase + "affinity: {cookie: {nmae: x}}\n") ==
        "f:5:21: affinity.cookie.nmae: unknown key; did you mean \"name\"?");
  CHECK(refused(kBase + "    wieght: 2\n") ==
        "f:5:5: backends[0].wieght: unknown key; did you mean \"weight\"?");
}

TEST_CASE("an unknown key that is near nothing is answered with what is known there") {
  CHECK(refused(kBase + "drain: {zzz: 1012}\n") ==
        "f:5:9: drain.zzz: unknown key; known here: close_code, reason, rate, grace");
  CHECK(
      refused(kBase + "zzz: 1\n") ==
      "f:5:1: zzz: unknown key; known here: listeners, backends, pools, routes, affinity, health, drain, "
      "workers, admin, trusted_proxies, forwarded, limits, timeouts, retries, upgrade, state, publish, log");
}

TEST_CASE("a dotted key is no way into a section") {
  CHECK(refused(kBase + "log.level: info\n").starts_with("f:5:1: log.level: unknown key"));
}

TEST_CASE("a key given twice is refused at its second place") {
  CHECK(refused(kBase + "workers: 2\nworkers: 3\n") ==
        "f:6:1: workers: given twice: the first one is in line 5");
  CHECK(refused(kBase + "limits: {headers: 5, headers: 6}\n") ==
        "f:5:22: limits.headers: given twice: the first one is in line 5");
  CHECK(refused(kBase + "pools:\n  a: {backends: [b:1]}\n  a: {backends: [b:1]}\n") ==
        "f:7:3: pools.a: given twice: the first one is in line 6");
}

TEST_CASE("what is wrong with a URL is told without its password") {
  for (const std::string url :
       {"redis://node:Zz9/Yy8@h:0", "http://node:Zz9/Yy8@h", "redis://node:Zz9@Yy8@a,b"}) {
    INFO(url);
    const std::string problem = refused(kBase + "state: {redis: {url: \"" + url + "\"}}\n");
    CHECK(problem.find("://***@") != std::string::npos);
    CHECK(problem.find("Zz9") == std::string::npos);
    CHECK(problem.find("Yy8") == std::string::npos);
  }
}

TEST_CASE("a value of the wrong type is refused") {
  CHECK(refused(kBase + "workers: [1]\n") ==
        "f:5:10: workers: expected auto or a whole number from 1 to 256, found a list");
  CHECK(refused(kBase + "workers:\n") ==
        "f:5:1: workers: expected auto or a whole number from 1 to 256, found nothing");
  CHECK(refused(kBase + "timeouts: 5s\n") ==
        "f:5:11: timeouts: expected a mapping (key: value), found \"5s\"");
  CHECK(refused(kBase + "routes: {path: /}\n") ==
        "f:5:9: routes: expected a list of routes (- path: /PREFIX and pool: NAME), found a mapping");
  CHECK(refused(kBase + "routes: [x]\n") ==
        "f:5:10: routes[0]: expected a mapping (key: value), found \"x\"");
  CHECK(refused(kBase + "pools: [x]\n") ==
        "f:5:8: pools: expected a mapping from names to pools, found a list");
  CHECK(refused(kBase + "pools: {x: y}\n") ==
        "f:5:12: pools.x: expected a mapping (key: value), found \"y\"");
  CHECK(refused(kBase + "trusted_proxies: 10.0.0.0/8\n") ==
        "f:5:18: trusted_proxies: expected a list, each item a network or an address (like 10.0.0.0/8 or "
        "2001:db8::/32), found \"10.0.0.0/8\"");
  CHECK(refused(kBase + "  - [a]\n") == "f:5:5: backends[1]: expected a mapping (key: value), found a list");
}

TEST_CASE("a value out of its range is refused with the range") {
  CHECK(refused(kBase + "retries: 11\n") ==
        "f:5:10: retries: expected a whole number from 0 to 10, found \"11\"");
  CHECK(refused(kBase + "timeouts: {idle: 8d}\n") ==
        "f:5:18: timeouts.idle: expected a duration from 1ms to 7d (like 250ms, 5s, 10m, 1h, 1d), found "
        "\"8d\"");
  CHECK(refused(kBase + "health: {interval: 9ms}\n")
            .starts_with("f:5:20: health.interval: expected a duration from 10ms"));
  CHECK(refused(kBase + "limits: {head_bytes: 16KB}\n") ==
        "f:5:22: limits.head_bytes: expected a size from 1KiB to 1MiB (like 4096, 16KiB, 1MiB), found "
        "\"16KB\"");
  CHECK(refused(kBase + "log: {level: loud}\n") ==
        "f:5:14: log.level: expected debug, info, warning, error or off, found \"loud\"");
  CHECK(refused(kBase + "affinity: {by: path:33}\n") ==
        "f:5:16: affinity.by: expected cookie, client_ip, header:NAME, query:NAME, path:N (N from 1 to 32) "
        "or none, "
        "found \"path:33\"");
}

TEST_CASE("the admin endpoint on an open address needs a token") {
  for (const std::string address : {"0.0.0.0:9900", "'[::]:9900'", "10.0.0.1:9900", "128.0.0.1:1"}) {
    INFO(address);
    const std::string shown = address.front() == '\'' ? address.substr(1, address.size() - 2) : address;
    CHECK(refused(kBase + "admin: {bind: " + address + "}\n") ==
          "f:5:15: admin.bind: expected off, a loopback address (like 127.0.0.1:9900) or unix:/path, found "
          "\"" +
              shown + "\": for an address that others can reach, give admin.token_file too");
    CHECK(refused(kBase + "admin: {token_file: '', bind: " + address + "}\n")
              .starts_with("f:5:31: admin.bind"));
    CHECK(accepted(kBase + "admin: {bind: " + address + ", token_file: /t}\n").admin_token_file == "/t");
  }
  for (const char* address : {"off", "127.8.8.8:0", "'[::1]:1'", "localhost:1", "unix:/a"}) {
    INFO(address);
    CHECK(problems_in(kBase + "admin: {bind: " + address + "}\n").empty());
  }
  CHECK(refused(kBase + "admin: {bind: admin.example.com:1}\n")
            .starts_with("f:5:15: admin.bind: expected off or"));
}

TEST_CASE("each origin that is none is told with its place and remedy") {
  CHECK(
      problems_in(kBase + "limits:\n  websocket_origins: [https://a.test/, '*.ok.test', a.test]\n") ==
      std::vector<std::string>{
          "f:6:23: limits.websocket_origins[0]: expected an origin (like https://app.example.com or null) or "
          "a wildcard (like *.example.com), found \"https://a.test/\": an origin ends behind its host and "
          "port: leave out the path",
          "f:6:53: limits.websocket_origins[2]: expected an origin (like https://app.example.com or null) or "
          "a wildcard (like *.example.com), found \"a.test\": a scheme must stand in front, like "
          "https://app.example.com",
      });
  // What YAML itself calls nothing is not the origin of that name.
  CHECK(refused(kBase + "limits: {websocket_origins: [null]}\n")
            .starts_with("f:5:30: limits.websocket_origins[0]"));
  CHECK(accepted(kBase + "limits: {websocket_origins: ['null']}\n").limits.websocket_origins.size() == 1);
}

TEST_CASE("a rate without its span is refused with what it looks like") {
  CHECK(refused(kBase + "limits: {handshakes_per_client: 50}\n") ==
        "f:5:33: limits.handshakes_per_client: expected a rate from 0/s to 1000000/s (like 50/s, 300/m, "
        "1000/h), found \"50\"");
}

TEST_CASE("an item of a list is named by its index") {
  CHECK(refused(kBase + "trusted_proxies: [10.0.0.0/8, x]\n")
            .starts_with("f:5:31: trusted_proxies[1]: expected a network"));
  CHECK(refused(kBase + "  - 10.0.0.1:0\n") ==
        std::string("f:5:5: backends[1]: ") + kBackendAddress + ", found \"10.0.0.1:0\"");
}

TEST_CASE("keys that have no default must be there") {
  CHECK(refused(kBase + "  - weight: 2\n") ==
        std::string("f:5:5: backends[1].address: missing: ") + kBackendAddress);
  CHECK(refused(kBase + "routes: [{path: /a}]\n") ==
        "f:5:10: routes[0].pool: missing: expected the name of a pool: up to 64 letters, digits, '-' or '_'");
  CHECK(refused("listeners: [{pool: default}]\nbackends: [a:1]\n") ==
        "f:1:13: listeners[0].bind: missing: expected ADDRESS:PORT with a literal address (like 0.0.0.0:8080 "
        "or "
        "\"[::]:8080\") or unix:/path");
}

TEST_CASE("a pool needs backends and a name that fits everywhere") {
  CHECK(refused(kBase + "pools: {a: {affinity: {by: none}}}\n") ==
        "f:5:9: pools.a.backends: missing: expected a list of backends (- address: HOST:PORT)");
  CHECK(refused(kBase + "pools: {a b: {backends: [a:1]}}\n") ==
        "f:5:9: pools.a b: expected the name of a pool: up to 64 letters, digits, '-' or '_', found \"a b\"");
}

TEST_CASE("a key that all pools share is refused in one of them") {
  CHECK(refused(kBase + "pools: {a: {backends: [a:1], affinity: {max_entries: 5}}}\n") ==
        "f:5:41: pools.a.affinity.max_entries: stands at the top level only: all pools share it");
}

TEST_CASE("the default pool has its backends from one place") {
  CHECK(refused(kBase + "pools: {default: {backends: [a:1]}}\n") ==
        "f:5:29: pools.default.backends: given twice: the top-level backends are short for these");
}

TEST_CASE("two backends of a pool cannot have one name") {
  CHECK(refused(kBase + "  - {name: a, address: b:1}\n  - {name: a, address: c:1}\n") ==
        "f:6:12: backends[2].name: expected a name of its own, found that of backends[1]: \"a\"");
  CHECK(refused(kBase + "  - 127.0.0.1:3000\n") ==
        "f:5:5: backends[1]: expected a name of its own, found that of backends[0]: \"127.0.0.1:3000\"");
  CHECK(
      refused(kBase + "pools: {a: {backends: [b:1, b:1]}}\n") ==
      "f:5:29: pools.a.backends[1]: expected a name of its own, found that of pools.a.backends[0]: \"b:1\"");
}

TEST_CASE("two listeners cannot have one address") {
  CHECK(refused("listeners: [{bind: 127.0.0.1:1}, {bind: localhost:1}]\nbackends: [a:1]\n") ==
        "f:1:41: listeners[1].bind: expected an address of its own, found that of listeners[0].bind: "
        "127.0.0.1:1");
  CHECK(
      refused("listeners: [{bind: 127.0.0.1:9900}]\nbackends: [a:1]\nadmin: {bind: 127.0.0.1:9900}\n") ==
      "f:3:15: admin.bind: expected an address of its own, found that of listeners[0].bind: 127.0.0.1:9900");
}

TEST_CASE("a listener and a route name pools that exist") {
  CHECK(refused("listeners: [{bind: 127.0.0.1:1, pool: chat}]\nbackends: [a:1]\n") ==
        "f:1:39: listeners[0].pool: expected a pool that exists (default), found \"chat\"");
  CHECK(refused(kBase + "routes: [{pool: chat}]\n") ==
        "f:5:17: routes[0].pool: expected a pool that exists (default), found \"chat\"");
}

TEST_CASE("without routes a listener needs a pool") {
  const std::string expected = "expected the name of a pool, as there are no routes and no pool \"default\"";
  CHECK(refused("listeners:\n  - bind: 127.0.0.1:1\npools: {a: {backends: [a:1]}}\n") ==
        "f:2:5: listeners[0].pool: " + expected);
  CHECK(refused("listeners: [{bind: 127.0.0.1:1, pool: \"\"}]\nbackends: [a:1]\n") ==
        "f:1:39: listeners[0].pool: " + expected);
}

TEST_CASE("an environment variable that is not set is refused at the value that needs it") {
  ::unsetenv("LIMPET_TEST_NOT_SET");
  CHECK(refused(kBase + "log: {file: \"${LIMPET_TEST_NOT_SET}\"}\n") ==
        "f:5:13: log.file: the environment variable LIMPET_TEST_NOT_SET is not set (and "
        "${LIMPET_TEST_NOT_SET:-default} is not given)");
}

TEST_CASE("a value of several lines or with control characters is refused, visibly") {
  CHECK(refused(kBase + "log: {file: \"a\\nb\"}\n") ==
        "f:5:13: log.file: expected one line of UTF-8 without control characters, found \"a\\u000ab\"");
}

TEST_CASE("everything that is wrong is reported at once, in the order of the file") {
  const std::vector<std::string> problems = problems_in(
      "workers: many\n"
      "listeners:\n"
      "  - bind: nowhere\n"
      "    pool: missing\n"
      "backends:\n"
      "  - {adress: 127.0.0.1:1}\n"
      "  - {name: a, address: 127.0.0.1:2, weight: 0}\n"
      "  - {name: a, address: 127.0.0.1:3}\n"
      "health: {probe: ping}\n"
      "routes: [{pool: nope}]\n");
  std::vector<std::string> places;
  for (const std::string& problem : problems) {
    places.push_back(problem.substr(0, problem.find(": ", problem.find(": ") + 2)));
  }
  CHECK(places == std::vector<std::string>{
                      "f:1:10: workers",
                      "f:3:11: listeners[0].bind",
                      "f:4:11: listeners[0].pool",
                      "f:6:5: backends[0].address",
                      "f:6:6: backends[0].adress",
                      "f:7:45: backends[1].weight",
                      "f:8:12: backends[2].name",
                      "f:9:17: health.probe",
                      "f:10:17: routes[0].pool",
                  });
}

TEST_CASE("one mistake makes one problem, not a chain of them") {
  CHECK(refused("listeners: [{bind: x}, {bind: 127.0.0.1:1}]\nbackends: [a:1]\n")
            .starts_with("f:1:20: listeners[0].bind"));
  CHECK(refused("listeners: [{bind: 127.0.0.1:1}]\nbackends: x\n")
            .starts_with("f:2:11: backends: expected a list"));
  CHECK(refused("listeners: x\nbackends: [a:1]\n").starts_with("f:1:12: listeners: expected a list"));
  CHECK(refused("listeners: [{bind: 127.0.0.1:1}]\npools: 5\nroutes: [{pool: a}]\n")
            .starts_with("f:2:8: pools"));
  CHECK(problems_in("listeners: [{bind: 127.0.0.1:1}]\nbackends: [a, b]\n").size() == 2);
}

TEST_CASE("what is wrong with tls is told where it stands") {
  CHECK(refused("listeners:\n  - bind: 127.0.0.1:1\n    tls: {}\nbackends: [x:1]\n") ==
        "f:3:10: listeners[0].tls.certificates: missing: expected a list of certificates (- {certificate: "
        "FILE, key: FILE})");
  CHECK(refused("listeners:\n  - bind: 127.0.0.1:1\n    tls: {certificates: []}\nbackends: [x:1]\n") ==
        "f:3:25: listeners[0].tls.certificates: expected a list of certificates (- {certificate: FILE, key: "
        "FILE}), found an empty list");
  CHECK(refused("listeners:\n  - bind: 127.0.0.1:1\n    tls: {certificates: [{certificate: a}]}\n"
                "backends: [x:1]\n") ==
        "f:3:26: listeners[0].tls.certificates[0].key: missing: expected text that is not empty");
  CHECK(refused("listeners:\n  - bind: 127.0.0.1:1\n    tls: {certificates: [{certificate: a, key: b}],\n"
                "      minimum_version: 1.1}\nbackends: [x:1]\n")
            .starts_with("f:4:24: listeners[0].tls.minimum_version: expected"));
  CHECK(refused(kBase + "    tls: {certificate: a}\n") ==
        "f:5:10: backends[0].tls: expected certificate and key, or neither, found one of them");
  CHECK(refused("listeners: [{bind: 127.0.0.1:1}]\nbackends: [{address: unix:/a, tls: {}}]\n") ==
        "f:2:36: backends[0].tls: expected server_name: a Unix socket has no host to verify");
  CHECK(refused(kBase + "    tls: yes\n").starts_with("f:5:10: backends[0].tls: expected"));
  CHECK(refused(kBase + "    tls: {verifi: true}\n").find("verify") != std::string::npos);
}
