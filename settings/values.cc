#include "settings/values.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "base/number.h"
#include "base/text.h"

namespace limpet::settings {

namespace {

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

// Smallest first. Milliseconds are what Duration counts.
constexpr std::array kDurationUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                                    Unit{"d", 86'400'000}};
constexpr std::array kSizeUnits{Unit{"", 1}, Unit{"KiB", 1ULL << 10U}, Unit{"MiB", 1ULL << 20U},
                                Unit{"GiB", 1ULL << 30U}};

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    ++digits;
  }
  const auto count = whole_number<std::uint64_t>(text.substr(0, digits));
  for (const Unit& unit : units) {
    if (unit.word != text.substr(digits)) {
      continue;
    }
    const bool fits = count && *count <= std::numeric_limits<std::int64_t>::max() / unit.factor;
    return fits ? std::optional(*count * unit.factor) : std::nullopt;
  }
  return std::nullopt;
}

std::string print_with_unit(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      best = &unit;
    }
  }
  return std::to_string(value / best->factor) + std::string(best->word);
}

std::string from_to(const std::string& low, const std::string& high) {
  return "from " + low + " to " + high;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto milliseconds = parse_with_unit(text, kDurationUnits);
  return milliseconds ? std::optional(Duration(static_cast<std::int64_t>(*milliseconds))) : std::nullopt;
}

std::string print_duration(Duration value) {
  if (value == Duration::zero()) {
    return "0s";
  }
  return print_with_unit(static_cast<std::uint64_t>(value.count()), kDurationUnits);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits);
}

std::string print_size(std::uint64_t bytes) {
  return print_with_unit(bytes, kSizeUnits);
}

std::string join_or(const std::vector<std::string>& words) {
  std::string joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    joined += i == 0 ? "" : (last ? " or " : ", ");
    joined += words[i];
  }
  return joined;
}

ValueType<Duration> duration_between(Duration low, Duration high) {
  return {
      "duration",
      "a duration " + from_to(print_duration(low), print_duration(high)) + " (like 250ms, 5s, 10m, 1h, 1d)",
      [low, high](std::string_view text) {
        const auto value = parse_duration(text);
        return value && *value >= low && *value <= high ? value : std::nullopt;
      },
      print_duration};
}

ValueType<std::uint32_t> size_between(std::uint32_t low, std::uint32_t high) {
  return {"size", "a size " + from_to(print_size(low), print_size(high)) + " (like 4096, 16KiB, 1MiB)",
          [low, high](std::string_view text) -> std::optional<std::uint32_t> {
            const auto value = parse_size(text);
            if (!value || *value < low || *value > high) {
              return std::nullopt;
            }
            return static_cast<std::uint32_t>(*value);
          },
          [](const std::uint32_t& value) { return print_size(value); }};
}

ValueType<std::uint32_t> number_between(std::uint32_t low, std::uint32_t high) {
  const auto wide = count_between(low, high);
  return {wide.name, wide.expects,
          [wide](std::string_view text) -> std::optional<std::uint32_t> {
            const auto value = wide.parse(text);
            return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
          },
          [](const std::uint32_t& value) { return std::to_string(value); }};
}

ValueType<std::uint64_t> count_between(std::uint64_t low, std::uint64_t high) {
  return {"number", "a whole number " + from_to(std::to_string(low), std::to_string(high)),
          [low, high](std::string_view text) {
            const auto value = whole_number<std::uint64_t>(text);
            return value && *value >= low && *value <= high ? value : std::nullopt;
          },
          [](const std::uint64_t& value) { return std::to_string(value); }};
}

ValueType<double> factor_up_to(double high) {
  const auto print = [](const double& value) {
    std::array<char, 32> digits{};  // The shortest exact spelling of a double takes at most 24 characters.
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} ? std::string(digits.data(), end) : std::string{};
  };
  const auto parse = [high](std::string_view text) -> std::optional<double> {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    // Written so that a NaN is out of range.
    const bool fits = value == 0 || (value >= 1 && value <= high);
    const bool whole = error == std::errc{} && stop == end && is_digit(text.front());
    return whole && fits ? std::optional(value) : std::nullopt;
  };
  return {"factor", "0 or a number " + from_to("1", print(high)), parse, print};
}

ValueType<bool> boolean() {
  auto type = one_of<bool>({{"true", true}, {"false", false}});
  type.name = "boolean";
  return type;
}

ValueType<std::string> text_that(std::string expects, bool (*accepts)(std::string_view)) {
  return {"text", std::move(expects),
          [accepts](std::string_view text) {
            return accepts(text) ? std::optional<std::string>(text) : std::nullopt;
          },
          [](const std::string& text) { return text; }};
}

}  // namespace limpet::settings
