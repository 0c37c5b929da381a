#include "settings/places.h"

namespace limpet::settings {

std::optional<Place> Places::place_of(const std::string& key) const {
  const auto found = places_.find(key);
  return found != places_.end() ? std::optional(found->second) : std::nullopt;
}

Problem Places::problem(std::initializer_list<std::string> keys, std::string message) const {
  for (const std::string& key : keys) {
    if (const auto place = place_of(key)) {
      return {file_, place->line, place->column, key, std::move(message)};
    }
  }
  return {file_, 0, 0, *(keys.end() - 1), std::move(message)};
}

}  // namespace limpet::settings
