// Settings: the whole configuration as plain values, checked and complete. What is here follows
// conf/limpet.yaml. Made by load.h, immutable afterwards. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/origin.h"
#include "base/proxy_version.h"
#include "settings/redis_url.h"

namespace limpet::settings {

// Paths of PEM files.
struct CertificateFiles {
  std::string certificate;  // the certificate, then its chain
  std::string key;          // not encrypted

  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

struct ListenerTls {
  std::vector<CertificateFiles> certificates;  // at least one; chosen by the name that is asked for
  TlsVersion minimum_version = TlsVersion::Tls12;
  std::string client_ca;   // empty = clients need no certificate
  bool kernel_tls = true;  // the kernel seals what is sent much at a time, where it can

  friend bool operator==(const ListenerTls&, const ListenerTls&) = default;
};

struct BackendTls {
  bool verify = true;
  std::string server_name;  // whom its certificate must name; empty = the host of the address
  std::string ca;           // empty = whom the system trusts
  CertificateFiles own;     // shown when the backend asks; empty = none

  friend bool operator==(const BackendTls&, const BackendTls&) = default;
};

struct Listener {
  Endpoint bind;                 // always a literal or a Unix path; port 0 = the kernel chooses
  std::string pool = "default";  // where requests go that no route takes; empty = nowhere, the answer is 404
  bool requires_proxy_header = false;   // every connection begins with a PROXY header
  std::optional<ListenerTls> tls = {};  // none = plain TCP

  friend bool operator==(const Listener&, const Listener&) = default;
};

struct Backend {
  std::string name;  // unique within its pool; defaults to the address as written
  Endpoint address;
  std::uint32_t weight = 1;                     // 1..1000
  std::uint32_t max_sessions = 0;               // 0 = no limit
  ProxyVersion send_proxy = ProxyVersion::Off;  // connections to it begin with a PROXY header
  std::optional<BackendTls> tls = {};           // none = plain TCP

  friend bool operator==(const Backend&, const Backend&) = default;
};

enum class AffinityBy : std::uint8_t { Cookie, ClientIp, Header, Query, Path, None };
enum class AffinityFallback : std::uint8_t { None, ClientIp };
enum class Balance : std::uint8_t { LeastSessions, Hash };
enum class SameSite : std::uint8_t { Lax, Strict, None };
enum class CookieSecure : std::uint8_t { Auto, On, Off };

struct Cookie {
  std::string name = "limpet";
  std::string path = "/";
  std::string domain;
  SameSite same_site = SameSite::Lax;
  CookieSecure secure = CookieSecure::Auto;
  bool http_only = true;
  std::optional<Duration> max_age;  // none = a session cookie
  std::string secret_file = "/var/lib/limpet/cookie.key";

  friend bool operator==(const Cookie&, const Cookie&) = default;
};

struct Affinity {
  AffinityBy by = AffinityBy::Cookie;
  std::string by_name;           // header:NAME (lower case), query:NAME
  std::uint32_t by_segment = 0;  // path:N, counted from 1
  AffinityFallback fallback = AffinityFallback::None;
  Balance balance = Balance::LeastSessions;
  double load_factor = 1.25;  // 0 = off, else at least 1
  unsigned ipv4_prefix = 32;
  unsigned ipv6_prefix = 64;
  Duration ttl = std::chrono::hours(1);
  std::uint64_t max_entries = 1'000'000;  // the one table is shared by all pools: the top-level value counts
  bool strict = false;
  Cookie cookie;

  friend bool operator==(const Affinity&, const Affinity&) = default;
};

enum class ProbeKind : std::uint8_t { Tcp, Http, WebSocket, None };

struct StatusRange {
  int low = 200;
  int high = 399;

  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

// So many of something in so much time.
struct Rate {
  std::uint32_t events = 0;                // 0 = no limit
  Duration per = std::chrono::seconds(1);  // a second, a minute or an hour

  friend bool operator==(const Rate&, const Rate&) = default;
};

// What traffic has to see of a backend to keep new clients away from it for a while.
struct Passive {
  std::uint32_t failures = 5;  // within window; 0 = off
  Duration window = std::chrono::seconds(10);
  Duration eject = std::chrono::seconds(10);

  friend bool operator==(const Passive&, const Passive&) = default;
};

enum class OnDown : std::uint8_t { Close, Keep };

struct Health {
  ProbeKind probe = ProbeKind::Tcp;
  std::string path = "/";
  StatusRange expect;
  Duration interval = std::chrono::seconds(2);
  Duration timeout = std::chrono::seconds(1);
  std::uint32_t fall = 3;
  std::uint32_t rise = 2;
  Passive passive;
  OnDown on_down = OnDown::Close;
  Duration close_after = std::chrono::seconds(10);  // without a byte from the backend since it went down
  Duration slow_start{};                            // 0 = off

  friend bool operator==(const Health&, const Health&) = default;
};

// How sessions are sent away, whatever the cause.
struct Drain {
  std::uint16_t close_code = 1012;         // 1001 or 1012
  std::string reason = "service restart";  // at most 123 bytes (RFC 6455 5.5)
  Rate rate{.events = 100};                // closes of the pool; 0 = all at once
  Duration grace = std::chrono::seconds(30);

  friend bool operator==(const Drain&, const Drain&) = default;
};

struct Pool {
  std::string name;
  std::vector<Backend> backends;
  Affinity affinity;  // top-level values, overridden key by key in the pool
  Health health;      // likewise
  Drain drain;        // likewise

  friend bool operator==(const Pool&, const Pool&) = default;
};

struct Route {
  std::string host;  // lower case, without port; empty = any
  std::string
      path;  // prefix by whole segments: /a takes /a and /a/b, not /ab; no trailing slash; empty = any
  std::string pool;

  friend bool operator==(const Route&, const Route&) = default;
};

struct Limits {
  std::uint32_t sessions = 100'000;       // client connections and tunnels of the whole process
  std::uint32_t sessions_per_client = 0;  // of one client address; 0 = no limit
  Rate handshakes_per_client;             // WebSocket handshakes of one client address
  std::uint32_t head_bytes = 16 * 1024;
  std::uint32_t headers = 100;
  std::vector<OriginPattern> websocket_origins;  // one must match, where there are any

  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Timeouts {
  Duration head = std::chrono::seconds(10);
  Duration connect = std::chrono::seconds(2);
  Duration handshake = std::chrono::seconds(2);
  Duration response = std::chrono::seconds(60);
  Duration idle = std::chrono::hours(1);
  Duration keep_alive = std::chrono::seconds(60);
  Duration body = std::chrono::seconds(60);

  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

struct LogSettings {
  LogLevel level = LogLevel::Info;
  std::string file;
  LogFormat format = LogFormat::Json;
  bool access = true;

  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

// What becomes of a message for a client whose queue is full.
enum class SlowClient : std::uint8_t { Drop, Wait };

// Messages of an operator or a server for all clients.
struct Publish {
  bool enabled = false;
  std::uint32_t max_bytes = 64 * 1024;     // of one message
  Rate rate;                               // 0 = no limit
  std::uint32_t queue_bytes = 256 * 1024;  // that wait for one client; one message always may
  SlowClient slow_client = SlowClient::Drop;

  friend bool operator==(const Publish&, const Publish&) = default;
};

// Which fields tell backends where a request came from.
enum class ForwardedHeaders : std::uint8_t { XForwarded, Rfc7239, Both, Off };

enum class Store : std::uint8_t { Memory, Redis };

[[nodiscard]] inline RedisUrl local_redis() {
  RedisUrl url;
  url.servers = {Endpoint{"127.0.0.1", RedisUrl::kRedisPort, {}}};
  return url;
}

// The Redis that several nodes share.
struct Redis {
  RedisUrl url = local_redis();
  std::string prefix = "limpet";  // of every key and channel
  Duration timeout = std::chrono::milliseconds(50);
  // For rediss://.
  bool verify = true;
  std::string ca;  // PEM file; empty = whom the system trusts

  friend bool operator==(const Redis&, const Redis&) = default;
};

// Where pins live.
struct State {
  Store store = Store::Memory;
  Redis redis;
  std::optional<std::string> file =
      std::string();  // empty = beside the cookie key; none = pins end with the process

  friend bool operator==(const State&, const State&) = default;
};

struct Settings {
  std::uint32_t workers = 0;  // 0 = auto: one a usable core
  std::vector<Listener> listeners;
  std::optional<Endpoint> admin_bind =
      Endpoint{"127.0.0.1", 9900, {}};  // a literal or a Unix path; none = off
  std::string admin_token_file;         // empty = none, and then admin_bind is loopback or a Unix path
  std::vector<IpNetwork> trusted_proxies;
  ForwardedHeaders forwarded = ForwardedHeaders::XForwarded;
  std::vector<Pool> pools;  // in the order of the file
  std::vector<Route> routes;
  Limits limits;
  Timeouts timeouts;
  std::uint32_t retries = 2;
  Duration upgrade_grace = std::chrono::minutes(10);  // for the sessions of the process that is replaced
  State state;
  Publish publish;
  LogSettings log;

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace limpet::settings
