#include "http/forwarded.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "http/forwarded_element.h"
#include "http/node_name.h"

namespace limpet::http {

namespace {

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

// The way along one list of hops, from the right.
class Walk {
 public:
  Walk(const IpAddress& peer, std::span<const IpNetwork> trusted) : address_(peer), trusted_(trusted) {}

  // One more hop to the left; none = what stands there is no address.
  void take(const std::optional<IpAddress>& hop, std::string_view proto) {
    // The first element is the peer's own word, whether or not it names an address.
    if (hop || hops_ == 0) {
      proto_ = proto;
      hop_ = hops_;
    }
    ++hops_;
    address_ = hop.value_or(address_);
    ended_ = !hop || !is_trusted(*hop, trusted_);
  }
  void end() noexcept { ended_ = true; }

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] const IpAddress& address() const noexcept { return address_; }  // the last good one
  [[nodiscard]] std::string_view proto() const noexcept { return proto_; }      // of the hop that gave it
  [[nodiscard]] std::size_t hop() const noexcept { return hop_; }               // that hop; 0 = rightmost

 private:
  IpAddress address_;
  std::span<const IpNetwork> trusted_;
  std::string_view proto_{};
  std::size_t hops_ = 0;
  std::size_t hop_ = 0;
  bool ended_ = false;
};

void walk_entries(Walk& walk, std::string_view list) {
  while (!walk.ended() && !list.empty()) {
    const std::string_view entry = trim_ows(take_last_entry(list));
    if (!entry.empty()) {  // an empty element of a list means nothing (RFC 9110 5.6.1)
      walk.take(entry_address(entry), {});
    }
  }
}

void walk_elements(Walk& walk, std::string_view list) {
  while (!walk.ended() && !list.empty()) {
    const auto text = take_last_element(list);
    if (text && text->empty()) {
      continue;
    }
    const auto element = text ? read_forwarded_element(*text) : std::nullopt;
    if (!element) {
      walk.end();
      return;
    }
    walk.take(element->address, element->proto);
  }
}

// Shows `visit` the values of all fields of a name, the last field first; answers whether there is one.
template <typename Visit>
bool each_from_the_right(const Fields& fields, std::string_view name, Visit visit) {
  bool found = false;
  auto field = std::make_reverse_iterator(fields.end());
  const auto front = std::make_reverse_iterator(fields.begin());
  for (; field != front; ++field) {
    if (iequals(field->name, name)) {
      found = true;
      visit(field->value);
    }
  }
  return found;
}

// The element of X-Forwarded-Proto that belongs to a hop; empty when nobody said anything or the list is too
// short to tell.
std::string_view said_proto(const Fields& fields, std::size_t hop) {
  std::size_t count = 0;
  std::string_view rightmost;
  std::string_view wanted;
  each_from_the_right(fields, "X-Forwarded-Proto", [&](std::string_view list) {
    while (!list.empty()) {
      const std::string_view proto = trim_ows(take_last_entry(list));
      if (!proto.empty()) {
        rightmost = count == 0 ? proto : rightmost;
        wanted = count == hop ? proto : wanted;
        ++count;
      }
    }
  });
  return count == 1 ? rightmost : wanted;
}

}  // namespace

bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted) noexcept {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&peer](const IpNetwork& network) { return network.contains(peer); });
}

Origin read_origin(const IpAddress& peer, const Fields& fields, std::span<const IpNetwork> trusted) {
  if (!is_trusted(peer, trusted)) {
    return {.client = peer};
  }
  Walk elements(peer, trusted);
  Walk entries(peer, trusted);
  const bool has_elements = each_from_the_right(
      fields, "Forwarded", [&elements](std::string_view list) { walk_elements(elements, list); });
  const bool has_entries = each_from_the_right(
      fields, "X-Forwarded-For", [&entries](std::string_view list) { walk_entries(entries, list); });
  if (has_elements && has_entries && elements.address() != entries.address()) {
    return {.client = peer, .decides_tls = true, .lists_disagree = true};
  }
  const Walk& walk = has_entries ? entries : elements;
  const std::string_view proto = said_proto(fields, walk.hop());
  const auto allows_tls = [](std::string_view said) { return said.empty() || iequals(said, "https"); };
  const bool is_said = !proto.empty() || !elements.proto().empty();
  return {.client = walk.address(),
          .used_tls = is_said && allows_tls(proto) && allows_tls(elements.proto()),
          .decides_tls = is_said};
}

}  // namespace limpet::http
