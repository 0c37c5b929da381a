#include "settings/limit_kinds.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"

namespace limpet::settings {

namespace {

struct Span {
  std::string_view word;
  Duration length;
};

constexpr std::array kSpans{Span{"s", std::chrono::seconds(1)}, Span{"m", std::chrono::minutes(1)},
                            Span{"h", std::chrono::hours(1)}};

std::string print_rate(const Rate& rate) {
  const auto span = std::ranges::find(kSpans, rate.per, &Span::length);
  return std::to_string(rate.events) + "/" + std::string(span->word);
}

}  // namespace

ValueType<Rate> rate_up_to(std::uint32_t most) {
  const auto parse = [most](std::string_view text) -> std::optional<Rate> {
    std::string_view word = text;
    const auto events = whole_number<std::uint64_t>(take_until(word, '/'));
    const auto span = std::ranges::find(kSpans, word, &Span::word);
    if (!events || *events > most || span == kSpans.end()) {
      return std::nullopt;
    }
    return Rate{static_cast<std::uint32_t>(*events), span->length};
  };
  return {"rate", "a rate from 0/s to " + std::to_string(most) + "/s (like 50/s, 300/m, 1000/h)", parse,
          print_rate};
}

ValueType<OriginPattern> origin_pattern() {
  return {"origin", "an origin (like https://app.example.com or null) or a wildcard (like *.example.com)",
          [](std::string_view text) -> std::optional<OriginPattern> {
            auto pattern = OriginPattern::parse(text);
            return pattern.ok() ? std::optional(std::move(pattern).value()) : std::nullopt;
          },
          [](const OriginPattern& pattern) { return pattern.to_string(); },
          [](std::string_view text) {
            const auto pattern = OriginPattern::parse(text);
            return pattern.ok() ? std::string() : pattern.error().detail;
          }};
}

}  // namespace limpet::settings
