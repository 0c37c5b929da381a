#include "http/node_name.h"

#include <algorithm>

#include "base/text.h"
#include "http/characters.h"

namespace limpet::http {

namespace {

constexpr std::size_t kMaxPortDigits = 5;
// What an obfuscated name may have besides letters and digits.
constexpr std::string_view kOthers = "._-";

struct NameAndPort {
  std::string_view name;  // brackets included
  std::optional<std::string_view> port;
};

// Splits at the first colon behind the name; a bracket is a name of its own up to its end.
NameAndPort split(std::string_view text) noexcept {
  const auto bracket = text.starts_with('[') ? text.find(']') : 0;
  const auto colon = bracket == std::string_view::npos ? bracket : text.find(':', bracket);
  if (colon == std::string_view::npos) {
    return {.name = text, .port = std::nullopt};
  }
  return {.name = text.substr(0, colon), .port = text.substr(colon + 1)};
}

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "_" 1*( ALPHA / DIGIT / "." / "_" / "-" ) (RFC 7239 6.3).
bool is_obfuscated(std::string_view text) noexcept {
  return text.size() > 1 && text.front() == '_' && std::all_of(text.begin(), text.end(), [](char c) {
           const char lower = ascii_lower(c);
           return is_digit(c) || (lower >= 'a' && lower <= 'z') || kOthers.find(c) != std::string_view::npos;
         });
}

bool is_node_port(std::string_view text) noexcept {
  return (all_digits(text) && text.size() <= kMaxPortDigits) || is_obfuscated(text);
}

// The address of "[v6]".
std::optional<IpAddress> bracketed_address(std::string_view name) {
  const bool is_bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  const std::string_view literal = is_bracketed ? name.substr(1, name.size() - 2) : std::string_view{};
  return literal.find(':') == std::string_view::npos ? std::nullopt : IpAddress::parse(literal);
}

// The address of "[v6]" or "1.2.3.4".
std::optional<IpAddress> name_address(std::string_view name) {
  if (name.find(':') != std::string_view::npos) {
    return bracketed_address(name);
  }
  return IpAddress::parse(name);
}

}  // namespace

std::optional<IpAddress> entry_address(std::string_view entry) {
  const bool is_plain_v6 = !entry.starts_with('[') && std::count(entry.begin(), entry.end(), ':') > 1;
  if (is_plain_v6) {
    return IpAddress::parse(entry);
  }
  const NameAndPort parts = split(entry);
  return !parts.port || all_digits(*parts.port) ? name_address(parts.name) : std::nullopt;
}

std::optional<NodeName> read_node_name(std::string_view node) {
  const NameAndPort parts = split(node);
  if (parts.port && !is_node_port(*parts.port)) {
    return std::nullopt;
  }
  if (iequals(parts.name, "unknown") || is_obfuscated(parts.name)) {
    return NodeName{.address = std::nullopt};
  }
  const auto address = name_address(parts.name);
  return address ? std::optional(NodeName{.address = address}) : std::nullopt;
}

}  // namespace limpet::http
