#include "settings/expand.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace limpet::settings {

namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kEscapedOpen = "$${";
constexpr std::string_view kDefault = ":-";

Error failure(std::string detail) {
  return Error{ErrorCode::Invalid, Side::Self, std::move(detail)};
}

bool is_name(std::string_view text) {
  const auto is_part = [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '_';
  };
  return !text.empty() && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), is_part);
}

// `inside` is what stands between the braces.
Result<std::string> resolve(std::string_view inside, const Variables& variables) {
  const auto split = inside.find(kDefault);
  const std::string name(inside.substr(0, split));
  if (!is_name(name)) {
    return failure("expected ${NAME} or ${NAME:-default} (and $${ for a plain ${), found \"${" +
                   std::string(inside) + "}\"");
  }
  const auto value = variables(name);
  if (split != std::string_view::npos && (!value || value->empty())) {
    return std::string(inside.substr(split + kDefault.size()));
  }
  if (!value) {
    return failure("the environment variable " + name + " is not set (and ${" + name +
                   ":-default} is not given)");
  }
  return *value;
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::string> expand(std::string_view text, const Variables& variables) {
  std::string expanded;
  while (!text.empty()) {
    if (text.starts_with(kEscapedOpen)) {
      expanded += kOpen;
      text.remove_prefix(kEscapedOpen.size());
      continue;
    }
    if (!text.starts_with(kOpen)) {
      expanded += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (end == std::string_view::npos) {
      return failure("a ${ without its } (write $${ for a plain ${)");
    }
    const auto value = resolve(text.substr(kOpen.size(), end - kOpen.size()), variables);
    if (!value) {
      return value.error();
    }
    expanded += value.value();
    text.remove_prefix(end + 1);
  }
  return expanded;
}

std::string escape_expansions(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(kOpen)) {
      escaped += '$';
    }
    escaped += text[i];
  }
  return escaped;
}

}  // namespace limpet::settings
