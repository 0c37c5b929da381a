#include "http/head.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace limpet::http {

namespace {

constexpr std::array<std::string_view, 6> kIdempotentMethods{"GET",   "HEAD", "OPTIONS",
                                                             "TRACE", "PUT",  "DELETE"};

bool list_has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    if (iequals(trim_ows(take_until(list, ',')), token)) {
      return true;
    }
  }
  return false;
}

}  // namespace

const Field* Fields::find(std::string_view name) const noexcept {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [name](const Field& field) { return iequals(field.name, name); });
  return found == fields_.end() ? nullptr : &*found;
}

std::size_t Fields::count(std::string_view name) const noexcept {
  const auto matches = [name](const Field& field) { return iequals(field.name, name); };
  return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), matches));
}

bool Fields::has_token(std::string_view name, std::string_view token) const noexcept {
  return std::any_of(fields_.begin(), fields_.end(), [name, token](const Field& field) {
    return iequals(field.name, name) && list_has_token(field.value, token);
  });
}

bool RequestHead::is_idempotent() const noexcept {
  return std::find(kIdempotentMethods.begin(), kIdempotentMethods.end(), method) != kIdempotentMethods.end();
}

std::string_view RequestHead::host_without_port() const noexcept {
  if (!host.empty() && host.front() == '[') {
    return host.substr(0, host.find(']') + 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace limpet::http
