#include "settings/schema.h"

#include "settings/kinds.h"
#include "settings/limit_kinds.h"
#include "settings/row.h"

namespace limpet::settings {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Bounds that several rows share. Beyond them stands a slip of the pen rather than an intention.
constexpr Duration kShortest = milliseconds(1);
constexpr Duration kLongestWait = hours(24 * 7);
constexpr Duration kShortestInterval = milliseconds(10);  // A probe must not become a flood.
constexpr Duration kLongestInterval = hours(24);
constexpr Duration kLongestCookie = hours(24 * 400);  // What browsers keep at most (RFC 6265bis 5.5).
constexpr Duration kLongestPin = kLongestCookie;
constexpr Duration kShortestRedisWait = milliseconds(1);
constexpr Duration kLongestRedisWait = std::chrono::seconds(10);  // A client waits with it.
constexpr std::uint32_t kMostWorkers = 256;
constexpr std::uint32_t kMostSessions = 10'000'000;
constexpr std::uint32_t kMostHandshakes = 1'000'000;
constexpr std::uint32_t kMostWeight = 1000;
constexpr std::uint64_t kMostPins = 100'000'000;
constexpr std::uint32_t kMostProbes = 100;
constexpr std::uint32_t kMostRetries = 10;
constexpr std::uint32_t kMostFailures = 10'000;
constexpr std::uint16_t kGoingAway = 1001;       // RFC 6455 7.4.1
constexpr std::uint16_t kServiceRestart = 1012;  // the registry of RFC 6455 11.7
constexpr std::uint32_t kSmallestHead = 1024;
constexpr std::uint32_t kLargestHead = 1024 * 1024;
constexpr std::uint32_t kMostHeaders = 1000;
constexpr std::uint32_t kLargestPublication = 1024 * 1024;
constexpr std::uint32_t kLargestQueue = 16 * 1024 * 1024;
constexpr std::uint32_t kMostPublications = 1'000'000;
constexpr double kHighestFactor = 100;
constexpr std::uint32_t kV4Bits = 32;
constexpr std::uint32_t kV6Bits = 128;

ValueType<Duration> wait() {
  return duration_between(kShortest, kLongestWait);
}

// A string is spelled with its quotes in Key::default_text, so that "" is seen.
constexpr const char* kEmptyText = "\"\"";

// What is special about a key. Without such a word a key is optional, and a reload applies its change.
Key needs_restart(Key key) {
  key.is_reloadable = false;
  return key;
}

Key reaches_sessions(Key key) {
  key.reaches_sessions = true;
  return key;
}

Key required(Key key) {
  key.is_required = true;
  return key;
}

Key shared(Key key) {
  key.is_shared = true;
  return key;
}

}  // namespace

// The functions below are long because each is one table: a row is {path, default, help}, kind,
// and the field that it fills.

const Rows<Settings>& top_rows() {
  static const auto in_redis = [](auto member) {
    return Field<Settings, std::remove_cvref_t<decltype(std::declval<Redis>().*member)>>{
        [member](const Settings& settings) { return settings.state.redis.*member; },
        [member](Settings& settings, auto value) { settings.state.redis.*member = std::move(value); }};
  };
  static const Rows<Settings> rows{
      row(needs_restart({"workers", "auto", "Event-loop threads; auto is one a usable core."}),
          word_for<std::uint32_t>("auto", 0, number_between(1, kMostWorkers)), at(&Settings::workers)),
      row(needs_restart({"admin.bind", "127.0.0.1:9900", "Where the admin endpoint listens; off closes it."}),
          word_for_none("off", bind_address()), at(&Settings::admin_bind)),
      row(needs_restart(
              {"admin.token_file", kEmptyText,
               "A file with the token that calls must bring; without it only this machine may ask."}),
          any_text(), at(&Settings::admin_token_file)),
      list_row({"trusted_proxies", "[]", "Peers whose X-Forwarded-For and Forwarded are believed."},
               network(), at(&Settings::trusted_proxies)),
      row({"forwarded", "x_forwarded",
           "How backends are told where a request came from: x_forwarded, rfc7239, both or off."},
          one_of<ForwardedHeaders>({{"x_forwarded", ForwardedHeaders::XForwarded},
                                    {"rfc7239", ForwardedHeaders::Rfc7239},
                                    {"both", ForwardedHeaders::Both},
                                    {"off", ForwardedHeaders::Off}}),
          at(&Settings::forwarded)),
      row({"limits.sessions", "100000", "Client connections of the whole process; above, the answer is 503."},
          number_between(1, kMostSessions), at(&Settings::limits, &Limits::sessions)),
      row({"limits.sessions_per_client", "0",
           "WebSocket sessions of one client address; above, the answer is 429; 0 is no limit."},
          number_between(0, kMostSessions), at(&Settings::limits, &Limits::sessions_per_client)),
      row({"limits.handshakes_per_client", "0/s",
           "WebSocket handshakes of one client address; above, the answer is 429; 0/s is no limit."},
          rate_up_to(kMostHandshakes), at(&Settings::limits, &Limits::handshakes_per_client)),
      row({"limits.head_bytes", "16KiB", "Request line and headers together; above, the answer is 431."},
          size_between(kSmallestHead, kLargestHead), at(&Settings::limits, &Limits::head_bytes)),
      row({"limits.headers", "100", "Header lines of a request; above, the answer is 431."},
          number_between(1, kMostHeaders), at(&Settings::limits, &Limits::headers)),
      list_row({"limits.websocket_origins", "[]",
                "Origins whose pages may open a WebSocket, also *.example.com; else 403; empty is any."},
               origin_pattern(), at(&Settings::limits, &Limits::websocket_origins)),
      row({"timeouts.head", "10s",
           "From accept, or the first byte of a next request, to a complete head: 408."},
          wait(), at(&Settings::timeouts, &Timeouts::head)),
      row({"timeouts.connect", "2s", "Each attempt to reach a backend; 504 when none is left to try."},
          wait(), at(&Settings::timeouts, &Timeouts::connect)),
      row({"timeouts.handshake", "2s",
           "To the answer to a WebSocket handshake while another backend could be tried instead."},
          wait(), at(&Settings::timeouts, &Timeouts::handshake)),
      row({"timeouts.response", "60s", "From the request to the first byte of the backend's answer: 504."},
          wait(), at(&Settings::timeouts, &Timeouts::response)),
      row(reaches_sessions(
              {"timeouts.idle", "1h", "A WebSocket session without a byte in either direction."}),
          wait(), at(&Settings::timeouts, &Timeouts::idle)),
      row({"timeouts.keep_alive", "60s", "An HTTP connection between two requests, on either side."}, wait(),
          at(&Settings::timeouts, &Timeouts::keep_alive)),
      row({"timeouts.body", "60s", "A body that makes no progress."}, wait(),
          at(&Settings::timeouts, &Timeouts::body)),
      row({"retries", "2", "Further backends that are tried before anything has reached the client."},
          number_between(0, kMostRetries), at(&Settings::retries)),
      row({"upgrade.grace", "10m", "How long a process that was replaced serves the sessions it has."},
          duration_between(Duration::zero(), kLongestWait), at(&Settings::upgrade_grace)),
      row(needs_restart({"state.store", "memory",
                         "Where pins live: in memory, or in a redis that several nodes share."}),
          one_of<Store>({{"memory", Store::Memory}, {"redis", Store::Redis}}),
          at(&Settings::state, &State::store)),
      row(needs_restart({"state.redis.url", "redis://127.0.0.1:6379",
                         "The Redis: redis://, rediss:// (TLS), redis+sentinel:// or redis+unix://."}),
          redis_url(), in_redis(&Redis::url)),
      row(needs_restart({"state.redis.prefix", "limpet",
                         "What keys and channels begin with; nodes with the same share their pins."}),
          redis_prefix(), in_redis(&Redis::prefix)),
      row(needs_restart({"state.redis.timeout", "50ms",
                         "How long a decision waits for the Redis before it is made without."}),
          duration_between(kShortestRedisWait, kLongestRedisWait), in_redis(&Redis::timeout)),
      row(needs_restart(
              {"state.redis.verify", "true", "Whether the certificate of a rediss:// is verified."}),
          boolean(), in_redis(&Redis::verify)),
      row(needs_restart({"state.redis.ca", kEmptyText,
                         "Who may have signed it: a PEM file; empty is whom the system trusts."}),
          any_text(), in_redis(&Redis::ca)),
      row(needs_restart(
              {"state.file", kEmptyText,
               "Where pins are kept over a restart; empty is beside the cookie key; off keeps none."}),
          word_for_none("off", any_text()), at(&Settings::state, &State::file)),
      row({"publish.enabled", "false", "Whether messages may be published to the clients of WebSockets."},
          boolean(), at(&Settings::publish, &Publish::enabled)),
      row({"publish.max_bytes", "64KiB", "The largest message; above, the answer is 413."},
          size_between(1, kLargestPublication), at(&Settings::publish, &Publish::max_bytes)),
      row({"publish.rate", "0/s", "Messages that are published; above, the answer is 429; 0/s is no limit."},
          rate_up_to(kMostPublications), at(&Settings::publish, &Publish::rate)),
      row({"publish.queue", "256KiB",
           "What waits at most for one client that is slow or in the middle of a message."},
          size_between(0, kLargestQueue), at(&Settings::publish, &Publish::queue_bytes)),
      row({"publish.slow_client", "drop",
           "A client whose queue is full: drop the message, or wait some seconds for room before that."},
          one_of<SlowClient>({{"drop", SlowClient::Drop}, {"wait", SlowClient::Wait}}),
          at(&Settings::publish, &Publish::slow_client)),
      row(needs_restart({"log.level", "info", "The least important lines that are written."}),
          one_of<LogLevel>({{"debug", LogLevel::Debug},
                            {"info", LogLevel::Info},
                            {"warning", LogLevel::Warning},
                            {"error", LogLevel::Error},
                            {"off", LogLevel::Off}}),
          at(&Settings::log, &LogSettings::level)),
      row(needs_restart({"log.file", kEmptyText, "Where the log goes; empty is standard error."}), any_text(),
          at(&Settings::log, &LogSettings::file)),
      row(needs_restart({"log.format", "json", "One JSON object a line, or text for people."}),
          one_of<LogFormat>({{"json", LogFormat::Json}, {"text", LogFormat::Text}}),
          at(&Settings::log, &LogSettings::format)),
      row({"log.access", "true",
           "A line when a WebSocket opens and one when it ends, and one for each HTTP request."},
          boolean(), at(&Settings::log, &LogSettings::access)),
  };
  return rows;
}

const Rows<Listener>& listener_rows() {
  static const Rows<Listener> rows{
      row(required({"bind", "", "Where clients connect; port 0 lets the kernel choose."}), bind_address(),
          at(&Listener::bind)),
      row({"pool", "default", "Where requests go that no route takes; \"\" answers them with 404."},
          optional_pool_name(), at(&Listener::pool)),
      row({"proxy_protocol", "off",
           "require: each connection begins with a PROXY header, which names the client; else off."},
          one_of<bool>({{"off", false}, {"require", true}}), at(&Listener::requires_proxy_header)),
  };
  return rows;
}

const Rows<Backend>& backend_rows() {
  static const Rows<Backend> rows{
      row({"name", "", "What logs, metrics and hashing call it; the address when it is not given."},
          filled_text(), at(&Backend::name)),
      row(required({"address", "", "Where it listens; names are resolved while running."}), backend_address(),
          at(&Backend::address)),
      row({"weight", "1", "Its share of the clients, relative to the others."},
          number_between(1, kMostWeight), at(&Backend::weight)),
      row({"max_sessions", "0", "Sessions it takes at most; 0 is no limit."},
          number_between(0, kMostSessions), at(&Backend::max_sessions)),
      row({"send_proxy", "off",
           "Connections to it begin with a PROXY header that names the client: off, v1 or v2."},
          one_of<ProxyVersion>(
              {{"off", ProxyVersion::Off}, {"v1", ProxyVersion::V1}, {"v2", ProxyVersion::V2}}),
          at(&Backend::send_proxy)),
  };
  return rows;
}

const Rows<Route>& route_rows() {
  static const Rows<Route> rows{
      row({"host", kEmptyText, "The host that was asked for, without its port; empty is any."}, route_host(),
          at(&Route::host)),
      row({"path", kEmptyText, "A prefix by whole segments: /a takes /a and /a/b, not /ab; empty is any."},
          route_path(), at(&Route::path)),
      row(required({"pool", "", "The pool that serves what matches."}), pool_name(), at(&Route::pool)),
  };
  return rows;
}

const Rows<Affinity>& affinity_rows() {
  const auto in_cookie = [](auto member) { return at(&Affinity::cookie, member); };
  static const Field<Affinity, ByRule> by{[](const Affinity& affinity) {
                                            return ByRule{affinity.by, affinity.by_name, affinity.by_segment};
                                          },
                                          [](Affinity& affinity, ByRule rule) {
                                            affinity.by = rule.by;
                                            affinity.by_name = std::move(rule.name);
                                            affinity.by_segment = rule.segment;
                                          }};
  static const Rows<Affinity> rows{
      row({"by", "cookie",
           "What makes a client itself again: cookie, client_ip, header:NAME, query:NAME, path:N, none."},
          by_rule(), by),
      row({"fallback", "none", "What counts when that is absent: client_ip or none."},
          one_of<AffinityFallback>(
              {{"none", AffinityFallback::None}, {"client_ip", AffinityFallback::ClientIp}}),
          at(&Affinity::fallback)),
      row({"balance", "least_sessions", "Who gets a client without a pin: least_sessions or hash."},
          one_of<Balance>({{"least_sessions", Balance::LeastSessions}, {"hash", Balance::Hash}}),
          at(&Affinity::balance)),
      row({"load_factor", "1.25",
           "No backend takes new clients above this multiple of its fair share; 0 is no bound."},
          factor_up_to(kHighestFactor), at(&Affinity::load_factor)),
      row({"ipv4_prefix", "32", "Bits of an IPv4 address that make the client_ip key."},
          number_between(1, kV4Bits), at(&Affinity::ipv4_prefix)),
      row({"ipv6_prefix", "64", "Bits of an IPv6 address that make the client_ip key."},
          number_between(1, kV6Bits), at(&Affinity::ipv6_prefix)),
      row({"ttl", "1h", "How long a pin outlives the last session of its client."},
          duration_between(seconds(1), kLongestPin), at(&Affinity::ttl)),
      row(shared(needs_restart({"max_entries", "1000000",
                                "Pins of all pools together; the least recently used ones go first."})),
          count_between(1, kMostPins), at(&Affinity::max_entries)),
      row({"strict", "false", "true: 503 rather than move a client to another backend than its own."},
          boolean(), at(&Affinity::strict)),
      row({"cookie.name", "limpet", "The name of the affinity cookie."}, token(), in_cookie(&Cookie::name)),
      row({"cookie.path", "/", "Its Path attribute."}, cookie_path(), in_cookie(&Cookie::path)),
      row({"cookie.domain", kEmptyText, "Its Domain attribute; empty is the host that was asked."},
          cookie_domain(), in_cookie(&Cookie::domain)),
      row({"cookie.same_site", "lax", "Its SameSite attribute: lax, strict or none."},
          one_of<SameSite>({{"lax", SameSite::Lax}, {"strict", SameSite::Strict}, {"none", SameSite::None}}),
          in_cookie(&Cookie::same_site)),
      row({"cookie.secure", "auto",
           "Its Secure attribute: true, false, or auto for clients that came over TLS."},
          one_of<CookieSecure>(
              {{"auto", CookieSecure::Auto}, {"true", CookieSecure::On}, {"false", CookieSecure::Off}}),
          in_cookie(&Cookie::secure)),
      row({"cookie.http_only", "true", "Its HttpOnly attribute: scripts of the page do not see it."},
          boolean(), in_cookie(&Cookie::http_only)),
      row({"cookie.max_age", "session", "How long it counts; session is until the browser is closed."},
          word_for_none("session", duration_between(seconds(1), kLongestCookie)),
          in_cookie(&Cookie::max_age)),
      row({"cookie.secret_file", "/var/lib/limpet/cookie.key",
           "Keys that seal it, one a line: the first signs, all verify; made at the first start if absent."},
          filled_text(), in_cookie(&Cookie::secret_file)),
  };
  return rows;
}

const Rows<Health>& health_rows() {
  static const Rows<Health> rows{
      row({"probe", "tcp", "How backends are asked: tcp, http, websocket (handshake and ping) or none."},
          one_of<ProbeKind>({{"tcp", ProbeKind::Tcp},
                             {"http", ProbeKind::Http},
                             {"websocket", ProbeKind::WebSocket},
                             {"none", ProbeKind::None}}),
          at(&Health::probe)),
      row({"path", "/", "What http and websocket probes ask for."}, request_path(), at(&Health::path)),
      row({"expect", "200-399", "Statuses that count as healthy for http probes."}, status_range(),
          at(&Health::expect)),
      row({"interval", "2s", "From one probe of a backend to the next."},
          duration_between(kShortestInterval, kLongestInterval), at(&Health::interval)),
      row({"timeout", "1s", "A probe without an answer for this long has failed."},
          duration_between(kShortest, kLongestInterval), at(&Health::timeout)),
      row({"fall", "3", "Failed probes in a row that take a backend down."}, number_between(1, kMostProbes),
          at(&Health::fall)),
      row({"rise", "2", "Good probes in a row that bring it back."}, number_between(1, kMostProbes),
          at(&Health::rise)),
      row({"passive.failures", "5",
           "Failures of real traffic within the window that keep new clients away; 0 is off."},
          number_between(0, kMostFailures), at(&Health::passive, &Passive::failures)),
      row({"passive.window", "10s", "How far apart those failures may lie."},
          duration_between(kShortestInterval, kLongestInterval), at(&Health::passive, &Passive::window)),
      row({"passive.eject", "10s", "How long new clients are kept away then."},
          duration_between(kShortestInterval, kLongestInterval), at(&Health::passive, &Passive::eject)),
      row(reaches_sessions({"on_down", "close", "Live sessions of a backend that is down: close or keep."}),
          one_of<OnDown>({{"close", OnDown::Close}, {"keep", OnDown::Keep}}), at(&Health::on_down)),
      row(reaches_sessions(
              {"close_after", "10s",
               "Only sessions that have heard nothing from it for so long since it went down are closed."}),
          duration_between(Duration::zero(), kLongestInterval), at(&Health::close_after)),
      row({"slow_start", "0s",
           "How long the share of a backend that came back grows to its full weight; 0s is at once."},
          duration_between(Duration::zero(), kLongestInterval), at(&Health::slow_start)),
  };
  return rows;
}

const Rows<Drain>& drain_rows() {
  static const Rows<Drain> rows{
      row(reaches_sessions({"close_code", "1012", "The code of the Close that sessions are sent away with."}),
          one_of<std::uint16_t>({{"1001", kGoingAway}, {"1012", kServiceRestart}}), at(&Drain::close_code)),
      row(reaches_sessions({"reason", "service restart", "Its reason, for people."}), close_text(),
          at(&Drain::reason)),
      row(reaches_sessions(
              {"rate", "100/s", "So many sessions of a pool are sent away in a time; 0/s is all at once."}),
          rate_up_to(kMostSessions), at(&Drain::rate)),
      row(reaches_sessions({"grace", "30s",
                            "How long sessions that are sent away may take to leave before they are cut."}),
          duration_between(Duration::zero(), kLongestWait), at(&Drain::grace)),
  };
  return rows;
}

}  // namespace limpet::settings
