#include "settings/kinds.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace limpet::settings {

namespace {

constexpr std::uint32_t kMostSegments = 32;   // Deeper keys are mistakes rather than URLs.
constexpr std::size_t kLongestHost = 253;     // RFC 1035 2.3.4, as text.
constexpr std::size_t kLongestPoolName = 64;  // It becomes a metric label.
constexpr std::size_t kMostCloseText = 123;   // RFC 6455 5.5: 125 bytes, two of them the code.
constexpr int kLowestStatus = 100;
constexpr int kHighestStatus = 599;
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

bool is_alnum(char c) {
  const char lower = ascii_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || kTokenMarks.find(c) != std::string_view::npos;
  });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestHost && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_pool_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestPoolName &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_cookie_attribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c) && c != ';'; });
}

bool is_request_path(std::string_view text) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), is_visible);
}

std::string print_endpoint(const Endpoint& endpoint) {
  return endpoint.to_string();
}

std::optional<Endpoint> parse_bind(std::string_view text) {
  Result<Endpoint> endpoint = Endpoint::parse(text);
  if (!endpoint) {
    return std::nullopt;
  }
  // A bind must not wait for a name server, so the one name that everybody uses is settled here.
  if (iequals(endpoint->host, "localhost")) {
    endpoint->host = "127.0.0.1";
  }
  return endpoint->literal() ? std::optional(*endpoint) : std::nullopt;
}

std::optional<Endpoint> parse_backend(std::string_view text) {
  const Result<Endpoint> endpoint = Endpoint::parse(text);
  if (!endpoint || (!endpoint->literal() && !is_host_name(endpoint->host))) {
    return std::nullopt;
  }
  return endpoint->is_unix() || endpoint->port != 0 ? std::optional(*endpoint) : std::nullopt;
}

std::optional<ByRule> parse_by(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, AffinityBy>, 3> kWords{
      {{"cookie", AffinityBy::Cookie}, {"client_ip", AffinityBy::ClientIp}, {"none", AffinityBy::None}}};
  for (const auto& [word, by] : kWords) {
    if (text == word) {
      return ByRule{by, {}, 0};
    }
  }
  std::string_view argument = text;
  const std::string_view kind = take_until(argument, ':');
  if (kind == "header" && is_token(argument)) {
    return ByRule{AffinityBy::Header, to_lower(argument), 0};
  }
  if (kind == "query" && !argument.empty()) {
    return ByRule{AffinityBy::Query, std::string(argument), 0};
  }
  const auto segment = whole_number<std::uint64_t>(argument);
  if (kind == "path" && segment && *segment >= 1 && *segment <= kMostSegments) {
    return ByRule{AffinityBy::Path, {}, static_cast<std::uint32_t>(*segment)};
  }
  return std::nullopt;
}

std::string print_by(const ByRule& rule) {
  switch (rule.by) {
    case AffinityBy::Cookie:
      return "cookie";
    case AffinityBy::ClientIp:
      return "client_ip";
    case AffinityBy::Header:
      return "header:" + rule.name;
    case AffinityBy::Query:
      return "query:" + rule.name;
    case AffinityBy::Path:
      return "path:" + std::to_string(rule.segment);
    case AffinityBy::None:
      return "none";
  }
  return {};
}

std::optional<StatusRange> parse_status(std::string_view text) {
  std::string_view high_text = text;
  const auto low = whole_number<std::uint64_t>(take_until(high_text, '-'));
  const bool single = text.find('-') == std::string_view::npos;
  const auto high = single ? low : whole_number<std::uint64_t>(high_text);
  if (!low || !high || *low < kLowestStatus || *high > kHighestStatus || *low > *high) {
    return std::nullopt;
  }
  return StatusRange{static_cast<int>(*low), static_cast<int>(*high)};
}

std::string print_status(const StatusRange& range) {
  const std::string low = std::to_string(range.low);
  return range.low == range.high ? low : low + "-" + std::to_string(range.high);
}

std::optional<std::string> parse_route_host(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const auto literal = bracketed ? IpAddress::parse(text.substr(1, text.size() - 2)) : std::nullopt;
  return text.empty() || literal || is_host_name(text) ? std::optional(to_lower(text)) : std::nullopt;
}

std::optional<std::string> parse_route_path(std::string_view text) {
  const bool has_more = text.find_first_of("?#") != std::string_view::npos;
  if (!text.empty() && (!is_request_path(text) || has_more)) {
    return std::nullopt;
  }
  // Prefixes are compared by whole segments: a trailing slash would stand for one more, empty segment.
  const auto last = text.find_last_not_of('/');
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

std::string print_text(const std::string& text) {
  return text;
}

}  // namespace

ValueType<Endpoint> bind_address() {
  return {"address", "ADDRESS:PORT with a literal address (like 0.0.0.0:8080 or \"[::]:8080\") or unix:/path",
          parse_bind, print_endpoint};
}

ValueType<Endpoint> backend_address() {
  return {"address", "HOST:PORT, \"[v6]:PORT\" or unix:/path, with a port from 1 to 65535", parse_backend,
          print_endpoint};
}

ValueType<IpNetwork> network() {
  return {"network", "a network or an address (like 10.0.0.0/8 or 2001:db8::/32)", IpNetwork::parse,
          [](const IpNetwork& network) { return network.to_string(); }};
}

ValueType<ByRule> by_rule() {
  return {"affinity key", "cookie, client_ip, header:NAME, query:NAME, path:N (N from 1 to 32) or none",
          parse_by, print_by};
}

ValueType<StatusRange> status_range() {
  return {"status range", "a status or a range of them from 100 to 599 (like 200-399)", parse_status,
          print_status};
}

ValueType<std::string> any_text() {
  return text_that("text", [](std::string_view) { return true; });
}

ValueType<std::string> filled_text() {
  return text_that("text that is not empty", [](std::string_view text) { return !text.empty(); });
}

ValueType<std::string> close_text() {
  return text_that("text of at most 123 bytes",
                   [](std::string_view text) { return text.size() <= kMostCloseText; });
}

ValueType<std::string> pool_name() {
  return text_that("the name of a pool: up to 64 letters, digits, '-' or '_'", is_pool_name);
}

ValueType<std::string> optional_pool_name() {
  return text_that("the name of a pool, or \"\" for none",
                   [](std::string_view text) { return text.empty() || is_pool_name(text); });
}

ValueType<RedisUrl> redis_url() {
  return {"url", "redis://[[user]:password@]host[:port][/db], rediss://, redis+sentinel:// or redis+unix://",
          [](std::string_view text) -> std::optional<RedisUrl> {
            auto url = RedisUrl::parse(text);
            return url.ok() ? std::optional(std::move(url).value()) : std::nullopt;
          },
          [](const RedisUrl& url) { return url.to_string(); },
          [](std::string_view text) {
            const auto url = RedisUrl::parse(text);
            return url.ok() ? std::string() : url.error().detail;
          }};
}

ValueType<std::string> redis_prefix() {
  return text_that("up to 64 letters, digits or any of '-', '_', '.' and ':'", [](std::string_view text) {
    constexpr std::string_view kMarks = "-_.:";
    return !text.empty() && text.size() <= kLongestPoolName &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; });
  });
}

ValueType<std::string> token() {
  return text_that("a token: letters, digits or any of " + std::string(kTokenMarks), is_token);
}

ValueType<std::string> cookie_path() {
  return text_that("a path that starts with '/', without spaces and ';'",
                   [](std::string_view text) { return text.starts_with('/') && is_cookie_attribute(text); });
}

ValueType<std::string> cookie_domain() {
  return text_that("a domain without spaces and ';', or \"\" for none", is_cookie_attribute);
}

ValueType<std::string> request_path() {
  return text_that("a path that starts with '/', in visible ASCII", is_request_path);
}

ValueType<std::string> route_host() {
  return {"text", "a host without port and wildcards, or \"\" for any", parse_route_host, print_text};
}

ValueType<std::string> route_path() {
  return {"text", "a path prefix that starts with '/', without '?' and '#', or \"\" for any",
          parse_route_path, print_text};
}

}  // namespace limpet::settings
