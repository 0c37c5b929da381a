#include "base/origin.h"

#include <algorithm>
#include <optional>

#include "base/address.h"
#include "base/number.h"
#include "base/text.h"

namespace limpet {

namespace {

constexpr std::string_view kNull = "null";  // RFC 6454 7.1: the origin that must not be told
constexpr std::string_view kSchemeEnd = "://";
constexpr std::string_view kBelow = "*.";
constexpr std::size_t kLongestHost = 253;  // RFC 1035 2.3.4, as text
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_letter(char c) {
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'z';
}

// RFC 3986 3.1. Applications in a web view have schemes of their own (capacitor://localhost).
bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_web(std::string_view scheme) {
  return iequals(scheme, "http") || iequals(scheme, "https");
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
  });
}

bool is_name(std::string_view text) {
  // take_until() cannot tell "a." from "a": the label that is missing at the end is asked for here.
  bool good = text.size() <= kLongestHost && !text.ends_with('.');
  do {
    good = good && is_label(take_until(text, '.'));
  } while (good && !text.empty());
  return good;
}

bool is_bracketed(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']';
}

std::optional<IpAddress> v6_literal(std::string_view host) {
  constexpr std::string_view kLetters = "0123456789abcdefABCDEF:.";
  if (!is_bracketed(host)) {
    return std::nullopt;
  }
  host = host.substr(1, host.size() - 2);
  // The letters are checked first: a NUL would end the text early for the parser.
  const bool is_v6 =
      host.find(':') != std::string_view::npos && host.find_first_not_of(kLetters) == std::string_view::npos;
  return is_v6 ? IpAddress::parse(host) : std::nullopt;
}

bool is_host(std::string_view text) {
  return is_name(text) || v6_literal(text).has_value();
}

// A name whose last label is a number is an IPv4 address to a browser, and nothing is below an address.
bool is_domain(std::string_view text) {
  const std::size_t last = text.rfind('.') + 1;  // npos + 1 is 0
  return is_name(text) &&
         !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(last), text.end(), is_digit);
}

// As it is serialised: 1 to 65535, no zero in front.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  return text.starts_with('0') ? std::nullopt : whole_number<std::uint16_t>(text);
}

struct Parts {
  std::string_view scheme{};  // empty = there is none
  std::string_view host;
  std::string_view port{};
  bool has_port = false;
};

Parts split(std::string_view text) {
  Parts parts;
  const std::size_t scheme_end = text.find(kSchemeEnd);
  if (scheme_end != std::string_view::npos) {
    parts.scheme = text.substr(0, scheme_end);
    text.remove_prefix(scheme_end + kSchemeEnd.size());
  }
  // The colons of an IPv6 literal are inside its brackets.
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  parts.host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    parts.has_port = true;
    parts.port = text.substr(colon + 1);
  }
  return parts;
}

// 0 = the scheme has no port of its own, and none is given.
std::uint16_t port_in_use(std::string_view scheme, std::uint16_t port) {
  if (port != 0) {
    return port;
  }
  return iequals(scheme, "https") ? kHttpsPort : (iequals(scheme, "http") ? kHttpPort : 0);
}

bool same_host(std::string_view a, std::string_view b) {
  const auto address = v6_literal(a);
  return address ? address == v6_literal(b) : iequals(a, b);
}

bool is_below(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() + 1 && host[host.size() - domain.size() - 1] == '.' &&
         iequals(host.substr(host.size() - domain.size()), domain);
}

// What keeps the parts of a pattern from being one; empty = nothing.
std::string_view fault_of(const Parts& parts, bool has_scheme, bool below) {
  if (parts.host == "*") {
    return "a lone * is no pattern: leave the list empty to take every origin";
  }
  if (has_scheme ? !is_scheme(parts.scheme) : !below) {
    return "a scheme must stand in front, like https://app.example.com";
  }
  if (parts.host.find_first_of("/?#") != std::string_view::npos ||
      parts.port.find_first_of("/?#") != std::string_view::npos) {
    return "an origin ends behind its host and port: leave out the path";
  }
  if (parts.host.find('@') != std::string_view::npos || parts.port.find('@') != std::string_view::npos) {
    return "an origin has no user: leave out what stands before the @";
  }
  if (parts.host.find('*') != std::string_view::npos) {
    return "a wildcard stands for whole labels at the front: *.example.com";
  }
  if (below && !is_domain(parts.host)) {
    return "a domain name must follow \"*.\", like *.example.com";
  }
  if (!is_host(parts.host)) {
    return "the host must be a name of ASCII letters (a foreign one as xn--...), an IPv4 address or an IPv6 "
           "one in brackets";
  }
  if (parts.has_port && !parse_port(parts.port)) {
    return "the port must be a number from 1 to 65535";
  }
  return {};
}

}  // namespace

Result<OriginPattern> OriginPattern::parse(std::string_view text) {
  OriginPattern pattern;
  if (text == kNull) {
    return pattern;
  }
  Parts parts = split(text);
  const bool has_scheme = text.find(kSchemeEnd) != std::string_view::npos;
  pattern.below_ = parts.host.starts_with(kBelow);
  if (pattern.below_) {
    parts.host.remove_prefix(kBelow.size());
  }
  const std::string_view fault = fault_of(parts, has_scheme, pattern.below_);
  if (!fault.empty()) {
    return Error{ErrorCode::Invalid, Side::Self, std::string(fault)};
  }
  pattern.scheme_ = to_lower(parts.scheme);
  pattern.host_ = to_lower(parts.host);
  pattern.port_ = parts.has_port ? *parse_port(parts.port) : std::uint16_t{0};
  return pattern;
}

bool OriginPattern::matches(std::string_view origin) const noexcept {
  if (host_.empty() || origin == kNull) {
    return host_.empty() && origin == kNull;
  }
  const Parts parts = split(origin);
  const auto port = parts.has_port ? parse_port(parts.port) : std::uint16_t{0};
  if (!is_scheme(parts.scheme) || !is_host(parts.host) || !port) {
    return false;
  }
  const bool same_scheme = scheme_.empty() ? is_web(parts.scheme) : iequals(parts.scheme, scheme_);
  const bool any_port = scheme_.empty() && port_ == 0;
  const bool same_port = any_port || port_in_use(parts.scheme, *port) == port_in_use(scheme_, port_);
  return same_scheme && same_port && (below_ ? is_below(parts.host, host_) : same_host(parts.host, host_));
}

std::string OriginPattern::to_string() const {
  if (host_.empty()) {
    return std::string(kNull);
  }
  std::string text = scheme_.empty() ? "" : scheme_ + std::string(kSchemeEnd);
  text.append(below_ ? kBelow : "").append(host_);
  return port_ == 0 ? text : text + ":" + std::to_string(port_);
}

}  // namespace limpet
