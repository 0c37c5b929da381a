#include "admin/parameters.h"

#include <algorithm>

#include "base/number.h"
#include "base/percent.h"
#include "base/text.h"

namespace limpet::admin {

namespace {

Refusal bad_parameters(std::string detail) {
  return {400, "parameters", std::move(detail)};
}

std::string list_of(std::span<const std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) {
    list.append(list.empty() ? "" : ", ").append(name);
  }
  return list.empty() ? "none" : list;
}

std::optional<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

OrRefusal<Parameters> Parameters::parse(std::string_view query, std::span<const std::string_view> known) {
  Parameters parameters;
  while (!query.empty()) {
    std::string_view rest = take_until(query, '&');
    if (rest.empty()) {
      continue;
    }
    auto name = form_decode(take_until(rest, '='));
    auto value = form_decode(rest);
    if (!name || !value) {
      return bad_parameters("a percent sign in the query is not followed by two hex digits");
    }
    if (std::ranges::find(known, *name) == known.end()) {
      return bad_parameters("unknown parameter \"" + *name + "\"; this call takes: " + list_of(known));
    }
    if (parameters.text(*name)) {
      return bad_parameters("the parameter \"" + *name + "\" stands there twice");
    }
    parameters.values_.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  const auto found = std::ranges::find(values_, name, &std::pair<std::string, std::string>::first);
  return found != values_.end() ? std::optional(found->second) : std::nullopt;
}

OrRefusal<std::uint64_t> Parameters::number_seen(std::string_view name) const {
  const auto given = text(name);
  const auto number = given ? whole_number<std::uint64_t>(*given) : std::optional<std::uint64_t>(0);
  if (!number) {
    return Refusal{400, std::string(name),
                   std::string(name) + " is the number of the last one that you have seen"};
  }
  return *number;
}

}  // namespace limpet::admin
