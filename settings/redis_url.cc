#include "settings/redis_url.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/number.h"
#include "base/percent.h"
#include "base/text.h"

namespace limpet::settings {

namespace {

enum class Form : std::uint8_t { Server, Sentinel, Unix };

struct Scheme {
  std::string_view prefix;
  Form form;
  bool tls;
};

constexpr auto kSchemes = std::to_array<Scheme>({
    {"redis://", Form::Server, false},
    {"rediss://", Form::Server, true},
    {"redis+sentinel://", Form::Sentinel, false},
    {"rediss+sentinel://", Form::Sentinel, true},
    {"redis+unix://", Form::Unix, false},
});

// sockaddr_un has room for no more.
constexpr std::size_t kLongestPath = 107;
constexpr std::size_t kLongestHost = 253;  // RFC 1035 2.3.4, as text

constexpr const char* kEscapes = "write : @ / ? and # in a user or a password as %3A %40 %2F %3F and %23";

// No message shows a part of the text that may hold a password.
Error fault(std::string detail) {
  return Error{ErrorCode::Invalid, Side::Self, std::move(detail)};
}

bool is_name_letter(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_name_letter);
}

// "user:password@" off the front. Without an @ there is nobody to name.
std::optional<Error> take_user(std::string_view& rest, RedisUrl& url) {
  const std::size_t end = rest.rfind('@');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view password = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (password.find(':') == std::string_view::npos) {
    return fault(
        "a password must stand in front of the @: user:password@, or :password@ for the default user");
  }
  const auto user = percent_decode(take_until(password, ':'));
  const auto secret = percent_decode(password);
  if (!user || !secret) {
    return fault("a % in the user or the password must be followed by two hexadecimal digits (%25 is a %)");
  }
  if (password.find_first_of(":@/?#") != std::string_view::npos) {
    return fault(kEscapes);
  }
  if (secret->empty()) {
    return fault("the password is empty: leave out everything up to the @ when none is needed");
  }
  url.user = *user;
  url.password = *secret;
  return std::nullopt;
}

Result<Endpoint> parse_server(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  const std::string shown(text);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos || !IpAddress::parse(host)) {
      return fault("what stands in brackets must be an IPv6 address, not \"" + shown + "\"");
    }
  } else if (!is_name(host) || host.size() > kLongestHost) {
    return fault("expected host or host:port (an IPv6 address in brackets: [::1]:6379), not \"" + shown +
                 "\"");
  }
  const auto number = has_port ? whole_number<std::uint16_t>(port) : std::optional(default_port);
  if (!number || *number == 0) {
    return fault("the port must be a number from 1 to 65535, not \"" + std::string(port) + "\"");
  }
  return Endpoint{std::string(host), *number, {}};
}

std::optional<Error> parse_db(std::string_view text, RedisUrl& url) {
  const auto number = whole_number<std::uint32_t>(text);
  if (!number || *number > RedisUrl::kMostDb) {
    return fault("the database must be a number from 0 to 65535, not \"" + std::string(text) + "\"");
  }
  url.db = *number;
  return std::nullopt;
}

std::optional<Error> parse_servers(std::string_view list, Form form, RedisUrl& url) {
  const bool is_sentinel = form == Form::Sentinel;
  if (list.empty()) {
    return fault("a host is missing, like redis.example.com:6379");
  }
  if (!is_sentinel && list.find(',') != std::string_view::npos) {
    return fault("one host alone: several addresses are for redis+sentinel://");
  }
  if (list.ends_with(',')) {
    return fault("an address is missing behind the last comma");
  }
  while (!list.empty()) {
    auto server =
        parse_server(take_until(list, ','), is_sentinel ? RedisUrl::kSentinelPort : RedisUrl::kRedisPort);
    if (!server.ok()) {
      return server.error();
    }
    url.servers.push_back(std::move(server).value());
  }
  if (url.servers.size() > RedisUrl::kMostServers) {
    return fault("at most 64 Sentinels");
  }
  return std::nullopt;
}

// "/MASTER", "/MASTER/0", "/0", or nothing.
std::optional<Error> parse_path(std::string_view path, Form form, RedisUrl& url) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return fault("nothing may follow the path: leave out the ? or # and what is behind it");
  }
  if (form == Form::Sentinel) {
    const std::string_view master = take_until(path, '/');
    if (!is_name(master)) {
      return fault(
          "the name of the master must follow the Sentinels, like /mymaster: letters, digits and . _ -");
    }
    url.master = std::string(master);
  }
  return path.empty() ? std::nullopt : parse_db(path, url);
}

std::optional<Error> parse_unix(std::string_view rest, RedisUrl& url) {
  constexpr std::string_view kDb = "db=";
  const std::size_t slash = rest.find('/');
  std::string_view user = rest.substr(0, slash);
  if (auto error = take_user(user, url)) {
    return error;
  }
  std::string_view query = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  const bool has_query = query.find('?') != std::string_view::npos;
  const std::string_view path = take_until(query, '?');
  const bool has_nul = path.find('\0') != std::string_view::npos;
  if (!user.empty() || path.size() < 2 || path.size() > kLongestPath || has_nul) {
    return fault("expected an absolute path of at most 107 bytes: redis+unix:///run/redis/redis.sock");
  }
  url.servers.push_back(Endpoint{{}, 0, std::string(path)});
  if (!has_query) {
    return std::nullopt;
  }
  if (query.find('@') != std::string_view::npos) {
    return fault(kEscapes);
  }
  if (!query.starts_with(kDb)) {
    return fault("behind the ? of a Unix socket stands the database alone: ?db=0");
  }
  return parse_db(query.substr(kDb.size()), url);
}

std::optional<Error> parse_network(std::string_view rest, Form form, RedisUrl& url) {
  // A password may hold no slash, so the first one ends the list of hosts.
  std::string_view path = rest;
  std::string_view hosts = take_until(path, '/');
  if (path.find('@') != std::string_view::npos) {
    return fault(kEscapes);
  }
  if (auto error = take_user(hosts, url)) {
    return error;
  }
  if (auto error = parse_servers(hosts, form, url)) {
    return error;
  }
  return parse_path(path, form, url);
}

}  // namespace

Result<RedisUrl> RedisUrl::parse(std::string_view text) {
  const auto* const scheme =
      std::ranges::find_if(kSchemes, [text](const Scheme& one) { return text.starts_with(one.prefix); });
  if (scheme == kSchemes.end()) {
    return fault(
        "it must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel:// or redis+unix://");
  }
  const std::string_view rest = text.substr(scheme->prefix.size());
  RedisUrl url;
  url.tls = scheme->tls;
  const auto error =
      scheme->form == Form::Unix ? parse_unix(rest, url) : parse_network(rest, scheme->form, url);
  return error ? Result<RedisUrl>(*error) : Result<RedisUrl>(std::move(url));
}

std::string RedisUrl::to_string() const {
  const bool is_unix = !servers.empty() && servers.front().is_unix();
  std::string text = tls ? "rediss" : "redis";
  text += is_unix ? "+unix://" : is_sentinel() ? "+sentinel://" : "://";
  if (!password.empty()) {
    text.append(percent_encode(user)).append(":***@");
  }
  for (const Endpoint& server : servers) {
    text.append(&server == &servers.front() ? "" : ",");
    text.append(is_unix ? server.path : server.to_string());
  }
  text.append(is_sentinel() ? "/" : "").append(master);
  if (db != 0) {
    text.append(is_unix ? "?db=" : "/").append(std::to_string(db));
  }
  return text;
}

}  // namespace limpet::settings
