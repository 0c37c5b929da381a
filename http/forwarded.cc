#include "http/forwarded.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.h"

namespace limpet::http {

namespace {

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "[v6]" or "[v6]:80".
std::optional<IpAddress> bracketed_address(std::string_view entry) {
  const auto bracket = entry.find(']');
  if (bracket == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view literal = entry.substr(1, bracket - 1);
  const std::string_view port = entry.substr(bracket + 1);
  const bool port_is_fine = port.empty() || (port.front() == ':' && all_digits(port.substr(1)));
  if (!port_is_fine || literal.find(':') == std::string_view::npos) {
    return std::nullopt;
  }
  return IpAddress::parse(literal);
}

std::optional<IpAddress> entry_address(std::string_view entry) {
  if (entry.front() == '[') {
    return bracketed_address(entry);
  }
  const auto colon = entry.find(':');
  const bool has_port = colon != std::string_view::npos && colon == entry.rfind(':');
  if (!has_port) {
    return IpAddress::parse(entry);
  }
  return all_digits(entry.substr(colon + 1)) ? IpAddress::parse(entry.substr(0, colon)) : std::nullopt;
}

// Takes the part behind the last comma off the end of `rest` (all of it when there is none).
std::string_view take_last_entry(std::string_view& rest) noexcept {
  const auto comma = rest.rfind(',');
  if (comma == std::string_view::npos) {
    return std::exchange(rest, std::string_view{});
  }
  const std::string_view entry = rest.substr(comma + 1);
  rest = rest.substr(0, comma);
  return entry;
}

struct Walk {
  IpAddress address;   // the last good one
  bool ended = false;  // it is not trusted, or what stands left of it is not an address
};

void walk_list(Walk& walk, std::string_view list, std::span<const IpNetwork> trusted) {
  while (!walk.ended && !list.empty()) {
    const std::string_view entry = trim_ows(take_last_entry(list));
    if (entry.empty()) {
      continue;  // an empty element of a list means nothing (RFC 9110 5.6.1)
    }
    const auto address = entry_address(entry);
    walk.address = address.value_or(walk.address);
    walk.ended = !address || !is_trusted(*address, trusted);
  }
}

}  // namespace

bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted) noexcept {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&peer](const IpNetwork& network) { return network.contains(peer); });
}

IpAddress client_address(const IpAddress& peer, const Fields& fields, std::span<const IpNetwork> trusted) {
  Walk walk{.address = peer, .ended = !is_trusted(peer, trusted)};
  auto field = std::make_reverse_iterator(fields.end());
  const auto front = std::make_reverse_iterator(fields.begin());
  for (; field != front && !walk.ended; ++field) {
    if (iequals(field->name, "X-Forwarded-For")) {
      walk_list(walk, field->value, trusted);
    }
  }
  return walk.address;
}

bool client_used_tls(const Fields& fields, bool peer_is_trusted) noexcept {
  const Field* const field = peer_is_trusted ? fields.find("X-Forwarded-Proto") : nullptr;
  if (field == nullptr) {
    return false;
  }
  // The leftmost element is the client's own hop.
  std::string_view rest = field->value;
  return iequals(trim_ows(take_until(rest, ',')), "https");
}

}  // namespace limpet::http
