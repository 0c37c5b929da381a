#include "http/target.h"

#include <algorithm>
#include <array>

#include "base/address.h"
#include "base/text.h"
#include "http/characters.h"

namespace limpet::http {

namespace {

constexpr std::size_t kMaxPortDigits = 5;
constexpr std::uint32_t kMaxPort = 65535;
constexpr std::uint32_t kDecimal = 10;
constexpr std::array<std::string_view, 2> kSchemes{"http://", "https://"};

// *DIGIT (RFC 3986 3.2.3), within the ports there are.
bool is_valid_port(std::string_view digits) noexcept {
  if (digits.size() > kMaxPortDigits || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return false;
  }
  std::uint32_t port = 0;
  for (const char digit : digits) {
    port = port * kDecimal + static_cast<std::uint32_t>(digit - '0');
  }
  return port <= kMaxPort;
}

bool is_reg_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_in_class(name[i], kRegNameChar)) {
      return false;
    }
    if (name[i] == '%' && (name.size() - i < 3 || !all_in_class(name.substr(i + 1, 2), kHexDigit))) {
      return false;
    }
  }
  return !name.empty();
}

Target split_origin_form(std::string_view target) noexcept {
  const auto question = target.find('?');
  if (question == std::string_view::npos) {
    return {.fault = kNoFault, .target = target, .path = target, .query = {}};
  }
  return {.fault = kNoFault,
          .target = target,
          .path = target.substr(0, question),
          .query = target.substr(question + 1)};
}

// The part behind "http://" or "https://"; empty for any other text.
std::string_view behind_scheme(std::string_view raw) noexcept {
  for (const std::string_view scheme : kSchemes) {
    if (iequals(raw.substr(0, scheme.size()), scheme)) {
      return raw.substr(scheme.size());
    }
  }
  return {};
}

Target refused(Fault fault) noexcept {
  return {.fault = fault};
}

Target cut_absolute_form(std::string_view method, std::string_view rest, std::string_view host) noexcept {
  const auto authority_end = rest.find_first_of("/?");
  if (host.empty() || !iequals(rest.substr(0, authority_end), host)) {
    return refused("the authority of the target is not that of Host");
  }
  if (authority_end == std::string_view::npos) {
    // RFC 9112 3.2.4: OPTIONS without a path asks about the server as a whole.
    return split_origin_form(method == "OPTIONS" ? "*" : "/");
  }
  if (rest[authority_end] == '?') {
    return refused("an absolute target has a query and no path");
  }
  return split_origin_form(rest.substr(authority_end));
}

}  // namespace

bool is_valid_host(std::string_view text) noexcept {
  if (text.empty() || text.front() != '[') {
    const std::string_view name = take_until(text, ':');
    return is_reg_name(name) && is_valid_port(text);
  }
  const auto bracket = text.find(']');
  if (bracket == std::string_view::npos) {
    return false;
  }
  const std::string_view literal = text.substr(1, bracket - 1);
  const std::string_view port = text.substr(bracket + 1);
  return literal.find(':') != std::string_view::npos && IpAddress::parse(literal).has_value() &&
         (port.empty() || (port.front() == ':' && is_valid_port(port.substr(1))));
}

Target read_target(std::string_view method, std::string_view raw, std::string_view host) noexcept {
  if (method == "CONNECT") {
    return refused("CONNECT is not served");
  }
  if (raw.front() == '/') {
    return split_origin_form(raw);
  }
  if (raw == "*" && method == "OPTIONS") {
    return split_origin_form(raw);
  }
  const std::string_view rest = behind_scheme(raw);
  if (rest.empty()) {
    return refused("the target is neither a path nor an http address");
  }
  return cut_absolute_form(method, rest, host);
}

}  // namespace limpet::http
