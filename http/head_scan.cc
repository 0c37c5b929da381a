#include "http/head_scan.h"

#include "base/text.h"
#include "http/characters.h"

namespace limpet::http {

namespace {

constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"
constexpr std::size_t kStatusDigits = 3;

std::optional<Version> version_of(std::string_view text) noexcept {
  if (text == "HTTP/1.1") {
    return Version::Http11;
  }
  if (text == "HTTP/1.0") {
    return Version::Http10;
  }
  return std::nullopt;
}

constexpr int digit_value(char c) noexcept {
  return c - '0';
}

// 100 to 599, or 0.
int status_of(std::string_view digits) noexcept {
  if (digits.size() != kStatusDigits || digits[0] < '1' || digits[0] > '5' || !is_digit(digits[1]) ||
      !is_digit(digits[2])) {
    return 0;
  }
  return digit_value(digits[0]) * 100 + digit_value(digits[1]) * 10 + digit_value(digits[2]);
}

}  // namespace

std::optional<std::string_view> take_line(std::string_view& rest) noexcept {
  const auto lf = rest.find('\n');
  if (lf == std::string_view::npos || lf == 0 || rest[lf - 1] != '\r') {
    return std::nullopt;
  }
  const std::string_view line = rest.substr(0, lf - 1);
  rest.remove_prefix(lf + 1);
  return line;
}

RequestLine scan_request_line(std::string_view line) noexcept {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return {.fault = "the request line does not have three parts"};
  }
  const auto version = version_of(line.substr(last + 1));
  if (!version) {
    return {.fault = "the version is neither HTTP/1.0 nor HTTP/1.1"};
  }
  const std::string_view method = line.substr(0, first);
  if (!is_token(method)) {
    return {.fault = "the method is not a token"};
  }
  // A third space lands in the target, where it is not allowed either.
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.empty() || !all_in_class(target, kTargetChar)) {
    return {.fault = "the target has a character that may not stand in it"};
  }
  return {.fault = kNoFault, .method = method, .target = target, .version = *version};
}

StatusLine scan_status_line(std::string_view line) noexcept {
  const auto version = version_of(line.substr(0, kVersionBytes));
  if (!version || line.size() <= kVersionBytes || line[kVersionBytes] != ' ') {
    return {.fault = "the status line does not begin with HTTP/1.0 or HTTP/1.1 and a space"};
  }
  std::string_view rest = line.substr(kVersionBytes + 1);
  const int status = status_of(rest.substr(0, kStatusDigits));
  if (status == 0) {
    return {.fault = "the status is not three digits from 100 to 599"};
  }
  rest.remove_prefix(kStatusDigits);
  if (!rest.empty() && rest.front() != ' ') {
    return {.fault = "the status is not three digits from 100 to 599"};
  }
  const std::string_view reason = rest.empty() ? rest : rest.substr(1);
  if (!all_in_class(reason, kTextChar)) {
    return {.fault = "the reason phrase has a control character"};
  }
  return {.fault = kNoFault, .version = *version, .status = status, .reason = reason};
}

FieldLine scan_field_line(std::string_view line) noexcept {
  if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
    return {.fault = "a field line is folded or begins with white space"};
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    return {.fault = "a field line has no colon"};
  }
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) {
    return {.fault = "a field name is not a token"};
  }
  const std::string_view value = line.substr(colon + 1);
  if (!all_in_class(value, kTextChar)) {
    return {.fault = "a field value has a control character"};
  }
  return {.fault = kNoFault, .field = {name, trim_ows(value)}};
}

}  // namespace limpet::http
