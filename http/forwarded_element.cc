#include "http/forwarded_element.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/characters.h"
#include "http/node_name.h"

namespace limpet::http {

namespace {

// The parameters of RFC 7239 5. Others are extensions, which mean nothing to us.
constexpr std::array<std::string_view, 4> kParameters{"for", "proto", "by", "host"};
constexpr std::size_t kFor = 0;
constexpr std::size_t kProto = 1;

constexpr std::string_view kBackslash = "\\";

bool is_escaped(std::string_view text, std::size_t at) noexcept {
  const auto before = text.substr(0, at).find_last_not_of(kBackslash);
  const std::size_t run = at - (before == std::string_view::npos ? 0 : before + 1);
  return run % 2 != 0;
}

// Takes a quoted string (RFC 9110 5.6.4) off the front of `rest` and answers what stands between the quotes.
std::optional<std::string_view> take_quoted(std::string_view& rest) noexcept {
  for (std::size_t i = 1; i < rest.size() && is_in_class(rest[i], kTextChar); ++i) {
    if (rest[i] == '"' && !is_escaped(rest.substr(1), i - 1)) {
      const std::string_view inside = rest.substr(1, i - 1);
      rest.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> take_value(std::string_view& rest) noexcept {
  if (rest.starts_with('"')) {
    return take_quoted(rest);
  }
  const auto end =
      std::find_if_not(rest.begin(), rest.end(), [](char c) { return is_in_class(c, kTokenChar); });
  const auto size = static_cast<std::size_t>(end - rest.begin());
  const std::string_view value = rest.substr(0, size);
  rest.remove_prefix(size);
  return value.empty() ? std::nullopt : std::optional(value);
}

class ElementReader {
 public:
  // Takes the next pair and the semicolon behind it; false when it is malformed.
  bool take_pair(std::string_view& rest) {
    if (!rest.starts_with(';')) {
      const auto equals = rest.find('=');
      const std::string_view name = rest.substr(0, equals);
      if (equals == std::string_view::npos || !is_token(name)) {
        return false;
      }
      rest.remove_prefix(equals + 1);
      const auto value = take_value(rest);
      if (!value || !note(name, *value) || !(rest.empty() || rest.front() == ';')) {
        return false;
      }
    }
    rest.remove_prefix(rest.empty() ? 0 : 1);
    return true;
  }

  [[nodiscard]] const ForwardedElement& element() const noexcept { return element_; }

 private:
  bool note(std::string_view name, std::string_view value) {
    const auto row = std::find_if(kParameters.begin(), kParameters.end(),
                                  [name](std::string_view known) { return iequals(known, name); });
    if (row == kParameters.end()) {
      return true;
    }
    const auto index = static_cast<std::size_t>(row - kParameters.begin());
    if (std::exchange(seen_[index], true)) {
      return false;
    }
    if (index == kProto) {
      element_.proto = value;
    }
    return index != kFor || note_node(value);
  }

  bool note_node(std::string_view value) {
    const auto node = read_node_name(value);
    element_.address = node ? node->address : std::nullopt;
    return node.has_value();
  }

  ForwardedElement element_;
  std::array<bool, kParameters.size()> seen_{};
};

}  // namespace

std::optional<std::string_view> take_last_element(std::string_view& rest) noexcept {
  bool quoted = false;
  for (std::size_t at = rest.size(); at-- > 0;) {
    if (rest[at] == '"') {
      quoted = !quoted || is_escaped(rest, at);
    } else if (rest[at] == ',' && !quoted) {
      const std::string_view element = rest.substr(at + 1);
      rest = rest.substr(0, at);
      return trim_ows(element);
    }
  }
  return quoted ? std::nullopt : std::optional(trim_ows(std::exchange(rest, std::string_view{})));
}

std::optional<ForwardedElement> read_forwarded_element(std::string_view element) {
  ElementReader reader;
  while (!element.empty()) {
    if (!reader.take_pair(element)) {
      return std::nullopt;
    }
  }
  return reader.element();
}

}  // namespace limpet::http
