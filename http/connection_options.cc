#include "http/connection_options.h"

#include <algorithm>

#include "base/text.h"

namespace limpet::http {

namespace {

// Honest messages name one to four.
constexpr std::size_t kMaxOptions = 32;
// Nine digits stay below 2^32 whatever they are.
constexpr std::size_t kMaxTimeoutDigits = 9;
constexpr std::uint32_t kDecimal = 10;

std::optional<std::uint32_t> number_of(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > kMaxTimeoutDigits ||
      !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  for (const char digit : digits) {
    number = number * kDecimal + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

void note(ConnectionOptions& options, std::string_view option) noexcept {
  const bool close = iequals(option, "close");
  const bool keep_alive = iequals(option, "keep-alive");
  const bool upgrade = iequals(option, "upgrade");
  options.close |= close;
  options.keep_alive |= keep_alive;
  options.upgrade |= upgrade;
  options.others |= !close && !keep_alive && !upgrade && !option.empty();
}

}  // namespace

ConnectionOptions read_connection_options(const Fields& fields) noexcept {
  ConnectionOptions options;
  std::size_t count = 0;
  for (const Field& field : fields) {
    if (!iequals(field.name, "Connection")) {
      continue;
    }
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view option = trim_ows(take_until(rest, ','));
      note(options, option);
      if (++count > kMaxOptions) {
        options.fault = "Connection names too many options";
        return options;
      }
    }
  }
  return options;
}

bool is_persistent(const ConnectionOptions& options, Version version) noexcept {
  return !options.close && (version == Version::Http11 || options.keep_alive);
}

std::optional<std::uint32_t> keep_alive_timeout_s(const Fields& fields) noexcept {
  const Field* const field = fields.find("Keep-Alive");
  if (field == nullptr) {
    return std::nullopt;
  }
  for (std::string_view rest = field->value; !rest.empty();) {
    std::string_view value = take_until(rest, ',');
    const std::string_view name = trim_ows(take_until(value, '='));
    if (iequals(name, "timeout")) {
      return number_of(trim_ows(value));
    }
  }
  return std::nullopt;
}

}  // namespace limpet::http
