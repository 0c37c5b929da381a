#include "http/cookies.h"

#include "base/text.h"
#include "http/head_text.h"

namespace limpet::http {

namespace {

struct Pair {
  std::string_view text;  // the whole pair, without the white space around it
  std::string_view name;
  std::string_view value;  // quotes included
};

// White space around '=' is not allowed (RFC 6265 4.2.1) and yet many readers of cookies skip it: so that no
// reader finds a cookie which we did not, we skip it too.
Pair take_pair(std::string_view& rest) noexcept {
  const std::string_view text = trim_ows(take_until(rest, ';'));
  std::string_view value = text;
  const std::string_view name = trim_ows(take_until(value, '='));
  return {.text = text, .name = name, .value = trim_ows(value)};
}

std::string_view without_quotes(std::string_view value) noexcept {
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

}  // namespace

std::vector<std::string_view> cookie_values(const Fields& fields, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Field& field : fields) {
    if (!iequals(field.name, "Cookie")) {
      continue;
    }
    for (std::string_view rest = field.value; !rest.empty();) {
      const Pair pair = take_pair(rest);
      if (pair.name == name) {
        values.push_back(without_quotes(pair.value));
      }
    }
  }
  return values;
}

bool has_cookie(std::string_view field_value, std::string_view name) noexcept {
  while (!field_value.empty()) {
    if (take_pair(field_value).name == name) {
      return true;
    }
  }
  return false;
}

bool append_without_cookie(std::string& out, std::string_view field_value, std::string_view name) {
  bool appended = false;
  while (!field_value.empty()) {
    const Pair pair = take_pair(field_value);
    if (pair.text.empty() || pair.name == name) {
      continue;
    }
    out.append(appended ? "; " : "").append(pair.text);
    appended = true;
  }
  return appended;
}

std::optional<std::string> without_cookie(std::string_view field_value, std::string_view name) {
  std::string left;
  return append_without_cookie(left, field_value, name) ? std::optional(std::move(left)) : std::nullopt;
}

std::string to_field_value(const SetCookie& cookie) {
  std::string out;
  out.append(cookie.name).append("=").append(cookie.value);
  const auto append_attribute = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      out.append("; ").append(name).append("=").append(value);
    }
  };
  append_attribute("Path", cookie.path);
  append_attribute("Domain", cookie.domain);
  if (cookie.max_age_s) {
    append_attribute("Max-Age", std::to_string(*cookie.max_age_s));
  }
  append_attribute("SameSite", cookie.same_site);
  out.append(cookie.secure ? "; Secure" : "").append(cookie.http_only ? "; HttpOnly" : "");
  return out;
}

}  // namespace limpet::http
