// ValueType: how one kind of value is spelled: its parser, its printer and the words that complete "expected
// ...". Parsing and printing are inverse: what print() writes, parse() reads back to the same value. Pure.
// Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace limpet::settings {

template <typename T>
struct ValueType {
  std::string name;     // one or two words for documentation: "duration"
  std::string expects;  // completes "expected ...": "a duration from 1ms to 7d"
  std::function<std::optional<T>(std::string_view)> parse;
  std::function<std::string(const T&)> print;
  // What is wrong with a text that parse() refuses, where there is more to say than `expects`; may be null.
  std::function<std::string(std::string_view)> fault = {};
};

// "250ms", "5s", "10m", "1h", "1d"; the unit is required.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// In the largest unit that divides it.
[[nodiscard]] std::string print_duration(Duration value);
// Bytes: "512", "16KiB", "1MiB", "2GiB".
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::string print_size(std::uint64_t bytes);
// "a, b or c".
[[nodiscard]] std::string join_or(const std::vector<std::string>& words);

[[nodiscard]] ValueType<Duration> duration_between(Duration low, Duration high);
[[nodiscard]] ValueType<std::uint32_t> size_between(std::uint32_t low, std::uint32_t high);
[[nodiscard]] ValueType<std::uint32_t> number_between(std::uint32_t low, std::uint32_t high);
[[nodiscard]] ValueType<std::uint64_t> count_between(std::uint64_t low, std::uint64_t high);
// 0, or a decimal number from 1 to `high`.
[[nodiscard]] ValueType<double> factor_up_to(double high);
[[nodiscard]] ValueType<bool> boolean();
// Any text for which `accepts` holds, kept as it is.
[[nodiscard]] ValueType<std::string> text_that(std::string expects, bool (*accepts)(std::string_view));

// One word for each value of an enumeration.
template <typename Enum>
[[nodiscard]] ValueType<Enum> one_of(std::initializer_list<std::pair<std::string, Enum>> words) {
  const std::vector<std::pair<std::string, Enum>> table(words);
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& [word, value] : table) {
    names.push_back(word);
  }
  const auto parse = [table](std::string_view text) -> std::optional<Enum> {
    for (const auto& [word, value] : table) {
      if (word == text) {
        return value;
      }
    }
    return std::nullopt;
  };
  const auto print = [table](const Enum& wanted) {
    for (const auto& [word, value] : table) {
      if (value == wanted) {
        return word;
      }
    }
    return std::string{};
  };
  return {"word", join_or(names), parse, print};
}

// `inner`, with `word` as the spelling of one more value.
template <typename T>
[[nodiscard]] ValueType<T> word_for(const std::string& word, const T& value, const ValueType<T>& inner) {
  return {inner.name, word + " or " + inner.expects,
          [word, value, inner](std::string_view text) {
            return text == word ? std::optional<T>(value) : inner.parse(text);
          },
          [word, value, inner](const T& shown) { return shown == value ? word : inner.print(shown); }};
}

// `inner`, with `word` as the spelling of "none".
template <typename T>
[[nodiscard]] ValueType<std::optional<T>> word_for_none(const std::string& word, const ValueType<T>& inner) {
  const auto parse = [word, inner](std::string_view text) -> std::optional<std::optional<T>> {
    if (text == word) {
      return std::optional<std::optional<T>>(std::in_place, std::nullopt);
    }
    const std::optional<T> value = inner.parse(text);
    return value ? std::optional<std::optional<T>>(value) : std::nullopt;
  };
  const auto print = [word, inner](const std::optional<T>& shown) {
    return shown ? inner.print(*shown) : word;
  };
  return {inner.name, word + " or " + inner.expects, parse, print};
}

}  // namespace limpet::settings
