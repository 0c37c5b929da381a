#include "sharing/shared_pin.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/percent.h"

namespace limpet::sharing {

namespace {

constexpr std::string_view kVersion = "1";
constexpr std::array kReasons{affinity::PinReason::Balance, affinity::PinReason::Hash,
                              affinity::PinReason::Overflow, affinity::PinReason::Failover,
                              affinity::PinReason::Moved};

std::optional<affinity::PinReason> reason_of(std::string_view text) noexcept {
  const auto* const found =
      std::ranges::find(kReasons, text, [](affinity::PinReason reason) { return word(reason); });
  return found == kReasons.end() ? std::nullopt : std::optional(*found);
}

// Takes what stands before the next '|' off `text`; none when there is no '|'.
std::optional<std::string_view> take_field(std::string_view& text) noexcept {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view field = text.substr(0, bar);
  text.remove_prefix(bar + 1);
  return field;
}

bool takes_version(std::string_view& text) noexcept {
  return take_field(text) == kVersion;
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxNameBytes;
}

}  // namespace

std::string write_value(const SharedPin& pin) {
  std::string out(kVersion);
  out += '|';
  out += word(pin.reason);
  out += pin.by_hand ? "|1|" : "|0|";
  out += pin.backend;
  return out;
}

std::optional<SharedPin> read_value(std::string_view value) {
  if (!takes_version(value)) {
    return std::nullopt;
  }
  const auto reason = take_field(value);
  const auto hand = take_field(value);
  const auto known = reason_of(reason.value_or(""));
  if (!known || (hand != "0" && hand != "1") || !is_name(value)) {
    return std::nullopt;
  }
  return SharedPin{.backend = std::string(value), .reason = *known, .by_hand = hand == "1"};
}

std::string write_key(std::string_view prefix, std::string_view pool, const affinity::Key& key) {
  std::string out = "{";
  out += prefix;
  out += "}:pin:";
  out += word(key.kind);
  out += ':';
  out += percent_encode(pool);
  out += ':';
  out += key.text;
  return out;
}

std::string write_change(const PinChange& change) {
  std::string out(kVersion);
  out += change.pin ? "|set|" : "|forget|";
  out += word(change.key.kind);
  out += '|';
  out += percent_encode(change.pool);
  out += '|';
  out += change.pin ? percent_encode(write_value(*change.pin)) : "";
  out += '|';
  out += change.key.text;
  return out;
}

std::optional<PinChange> read_change(std::string_view text) {
  if (!takes_version(text)) {
    return std::nullopt;
  }
  const auto verb = take_field(text);
  const auto kind = affinity::key_kind_of(take_field(text).value_or(""));
  const auto pool = percent_decode(take_field(text).value_or(""));
  const auto value = take_field(text);
  const bool is_well_formed =
      value && kind && pool && is_name(*pool) && !text.empty() && text.size() <= affinity::kMaxKeyBytes;
  if (!is_well_formed) {
    return std::nullopt;
  }
  PinChange change{.pool = *pool, .key = affinity::Key::make(*kind, text), .pin = std::nullopt};
  if (verb == "forget" && value->empty()) {
    return change;
  }
  const auto plain = percent_decode(*value);
  change.pin = verb == "set" && plain ? read_value(*plain) : std::nullopt;
  return change.pin ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace limpet::sharing
