#include "settings/schema.h"

#include <map>
#include <random>

#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

// For each key values to choose from, as YAML.
const std::map<std::string, std::vector<std::string>>& samples() {
  static const std::map<std::string, std::vector<std::string>> table{
      {"workers", {"auto", "1", "256"}},
      {"admin.bind", {"off", "localhost:1", "'[::1]:65535'", "unix:/a"}},
      {"admin.token_file", {"''", "/etc/limpet/admin.token", "'a b'"}},
      {"trusted_proxies", {"[]", "[10.1.2.3/8]", "['::1', 192.168.0.1, 'fe80::/10']"}},
      {"drain.close_code", {"1001", "1012"}},
      {"drain.reason", {"''", "bye", "'a: b # c'", "\xc3\xa4"}},
      {"drain.rate", {"0/s", "100/s", "7/h"}},
      {"drain.grace", {"0s", "1ms", "90s", "7d"}},
      {"upgrade.grace", {"0s", "7d"}},
      {"state.store", {"memory", "redis"}},
      {"state.redis.url",
       {"redis://10.0.0.1:1", "rediss://redis.internal:6380/2", "redis+sentinel://a:26379,b:26380/main",
        "'redis+unix:///run/redis.sock'"}},
      {"state.redis.prefix", {"a", "chat:eu-1.x_y"}},
      {"state.redis.timeout", {"1ms", "10s"}},
      {"state.redis.verify", {"true", "false"}},
      {"state.redis.ca", {"''", "/a b"}},
      {"state.file", {"''", "off", "/a b"}},
      {"publish.enabled", {"true", "false"}},
      {"publish.max_bytes", {"1", "64KiB", "1MiB"}},
      {"publish.rate", {"0/s", "50/s", "1000/h"}},
      {"publish.queue", {"0", "1000", "16MiB"}},
      {"publish.slow_client", {"drop", "wait"}},
      {"limits.sessions", {"1", "10000000"}},
      {"limits.sessions_per_client", {"0", "7"}},
      {"limits.handshakes_per_client", {"0/s", "0/h", "50/s", "300/m", "1000000/h"}},
      {"limits.websocket_origins", {"[]", "['null', '*.a.test', 'https://*.B.test:1', 'http://[::1]:3000']"}},
      {"limits.head_bytes", {"1KiB", "1025", "1MiB"}},
      {"limits.headers", {"1", "1000"}},
      {"timeouts.head", {"1ms", "1001ms"}},
      {"timeouts.connect", {"61s", "60m"}},
      {"timeouts.handshake", {"250ms", "60s"}},
      {"timeouts.response", {"25h", "7d"}},
      {"timeouts.idle", {"1h", "3h"}},
      {"timeouts.keep_alive", {"5s"}},
      {"timeouts.body", {"60s"}},
      {"retries", {"0", "10"}},
      {"log.level", {"debug", "info", "warning", "error", "off"}},
      {"log.file",
       {"''", "/a b", "'\"\\: # ${NOPE:-[]} $${x} $'", "\xc3\xa4", "'null'", "'~'", "'-'", "'a:'"}},
      {"log.format", {"json", "text"}},
      {"log.access", {"true", "false"}},
      {"listeners[].pool", {"default", "''", "other"}},
      {"listeners[].proxy_protocol", {"off", "require"}},
      {"backends[].send_proxy", {"off", "v1", "v2"}},
      {"forwarded", {"x_forwarded", "rfc7239", "both", "off"}},
      {"listeners[].tls.minimum_version", {"1.2", "1.3"}},
      {"listeners[].tls.client_ca", {"''", "/a b"}},
      {"listeners[].tls.kernel_tls", {"auto", "off"}},
      {"backends[].tls.verify", {"true", "false"}},
      {"backends[].tls.server_name", {"''", "app.internal", "'::1'"}},
      {"backends[].tls.ca", {"''", "/ca.pem"}},
      {"backends[].tls.certificate", {"/a b"}},
      {"backends[].tls.key", {"/a b"}},
      {"backends[].name", {"' a '", "'- x'", "'#'", "\"it's\"", "'%'", "'@'", "123", "'true'", "'? :'"}},
      {"backends[].weight", {"1", "1000"}},
      {"backends[].max_sessions", {"0", "7"}},
      {"routes[].host", {"''", "Example.com", "'[::1]'"}},
      {"routes[].path", {"''", "/", "/a/b/", "/*"}},
      {"affinity.by", {"cookie", "client_ip", "none", "header:X", "query:a", "'query:# \"'", "path:32"}},
      {"affinity.fallback", {"none", "client_ip"}},
      {"affinity.balance", {"hash", "least_sessions"}},
      {"affinity.load_factor", {"0", "1", "1.1", "33.333333333333336", "100"}},
      {"affinity.ipv4_prefix", {"1", "32"}},
      {"affinity.ipv6_prefix", {"1", "128"}},
      {"affinity.ttl", {"1s", "400d"}},
      {"affinity.max_entries", {"1", "100000000"}},
      {"affinity.strict", {"true", "false"}},
      {"affinity.cookie.name", {"a", "'*'", "'!#$%'"}},
      {"affinity.cookie.path", {"/", "/a:b"}},
      {"affinity.cookie.domain", {"''", ".example.com", "'null'"}},
      {"affinity.cookie.same_site", {"lax", "strict", "none"}},
      {"affinity.cookie.secure", {"auto", "true", "false"}},
      {"affinity.cookie.http_only", {"true", "false"}},
      {"affinity.cookie.max_age", {"session", "1s", "400d"}},
      {"affinity.cookie.secret_file", {"a", "'[x]'"}},
      {"health.probe", {"tcp", "http", "websocket", "none"}},
      {"health.path", {"/", "'/?a=b&c#d'"}},
      {"health.expect", {"200", "100-599"}},
      {"health.interval", {"10ms", "1d"}},
      {"health.timeout", {"1ms", "1d"}},
      {"health.fall", {"1", "100"}},
      {"health.rise", {"1", "100"}},
      {"health.passive.failures", {"0", "10000"}},
      {"health.passive.window", {"10ms", "1d"}},
      {"health.passive.eject", {"10ms", "1d"}},
      {"health.on_down", {"close", "keep"}},
      {"health.close_after", {"0s", "1d"}},
      {"health.slow_start", {"0s", "30s"}},
  };
  return table;
}

class RandomFile {
 public:
  explicit RandomFile(unsigned seed) : random_(seed) {}

  std::string make() {
    std::string text =
        "listeners:\n  - {bind: 127.0.0.1:0" + some_of("listeners[].") + tls() + "}\n" + backends("");
    text += "pools:\n  other:\n" + backends("    ") + "    affinity: {" + affinity(false) +
            "}\n    health: {" + health() + "}\n    drain: {" + tail(some_of("drain.")) + "}\n";
    text += "routes: [{pool: other" + some_of("routes[].") + "}]\n";
    text += "affinity: {" + affinity(true) + "}\nhealth: {" + health() + "}\n";
    for (const char* section :
         {"admin", "drain", "limits", "timeouts", "upgrade", "state", "publish", "log"}) {
      text += std::string(section) + ": {" + tail(some_of(std::string(section) + ".")) + "}\n";
    }
    for (const char* key : {"workers", "trusted_proxies", "retries"}) {
      text += std::string(key) + ": " + pick(samples().at(key)) + "\n";
    }
    return text;
  }

 private:
  bool toss() { return random_() % 2 == 0; }

  std::string pick(const std::vector<std::string>& values) { return values[random_() % values.size()]; }

  static std::string tail(const std::string& list) { return list.empty() ? list : list.substr(2); }

  // ", key: value" for some of the keys right below the prefix.
  std::string some_of(const std::string& prefix, bool with_shared = true) {
    std::string text;
    for (const auto& [path, values] : samples()) {
      const bool is_below = path.starts_with(prefix) && path.find('.', prefix.size()) == std::string::npos;
      if (is_below && toss() && (with_shared || path != "affinity.max_entries")) {
        text += ", " + path.substr(prefix.size()) + ": " + pick(values);
      }
    }
    return text;
  }

  std::string affinity(bool with_shared) {
    return tail(some_of("affinity.", with_shared) + ", cookie: {" + tail(some_of("affinity.cookie.")) + "}");
  }

  std::string health() {
    return tail(some_of("health.") + ", passive: {" + tail(some_of("health.passive.")) + "}");
  }

  std::string tls() {
    return toss() ? ", tls: {certificates: [{certificate: a, key: b}, {certificate: /c d, key: 'null'}]" +
                        some_of("listeners[].tls.") + "}"
                  : "";
  }

  // A certificate and its key are given both or not at all.
  std::string backend_tls() {
    std::string keys;
    for (const char* key : {"verify", "server_name", "ca"}) {
      keys += toss()
                  ? std::string(", ") + key + ": " + pick(samples().at(std::string("backends[].tls.") + key))
                  : "";
    }
    return toss() ? ", tls: {" + tail(keys + (toss() ? ", certificate: a, key: b" : "")) + "}" : "";
  }

  std::string backends(const std::string& margin) {
    return margin + "backends:\n" + margin + "  - {address: app:1" + some_of("backends[].") + backend_tls() +
           "}\n" + margin + "  - '[2001:DB8::1]:1'\n" + margin + "  - unix:/a b\n";
  }

  std::mt19937 random_;
};

void check_round_trip(const Settings& settings) {
  const std::string printed = print(settings);
  INFO(printed);
  CHECK(accepted(printed) == settings);
  CHECK(print(accepted(printed)) == printed);
}

}  // namespace

TEST_CASE("every key with more than one value has samples") {
  for (const Key& key : all_keys()) {
    INFO(key.path);
    CHECK(samples().count(key.path) == (key.is_required ? 0 : 1));
  }
}

TEST_CASE("what is printed loads to the same settings") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  RandomFile file(seed);
  for (int i = 0; i < 200; ++i) {
    const std::string text = file.make();
    INFO(text);
    check_round_trip(accepted(text));
  }
}

TEST_CASE("one default pool is printed the way people write it") {
  const std::string printed = print(accepted(kBase));
  CHECK(printed.find("pools:") == std::string::npos);
  CHECK(printed.starts_with("listeners:\n  - bind: 127.0.0.1:8080\n    pool: default\n"));
  CHECK(printed.find("\nbackends:\n") != std::string::npos);
  check_round_trip(accepted(kBase));
}

TEST_CASE("every key is printed") {
  const std::string printed =
      print(accepted("listeners: [{bind: 127.0.0.1:1, tls: {certificates: [{certificate: a, key: b}]}}]\n"
                     "backends: [{address: x:1, tls: {}}]\nroutes: [{pool: default}]\n"));
  for (const Key& key : all_keys()) {
    const std::size_t dot = key.path.rfind('.');
    const std::string name = dot == std::string::npos ? key.path : key.path.substr(dot + 1);
    INFO(name);
    CHECK(printed.find(name + ": ") != std::string::npos);
  }
}

TEST_CASE("a listener without pool is printed as such") {
  check_round_trip(
      accepted("listeners: [{bind: 127.0.0.1:1}]\npools: {a: {backends: [x:1]}}\nroutes: [{pool: a}]\n"));
}
