// Places: where each key of a configuration file stands, so that what turns out to be wrong later (an address
// in use, a key file that cannot be read) is told with its place too. Pure. Any thread.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "settings/problem.h"
#include "settings/yaml.h"

namespace limpet::settings {

class Places {
 public:
  explicit Places(std::string file = {}) : file_(std::move(file)) {}

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  // `key` was read well, from this place.
  void note(const std::string& key, Place place) { places_.insert_or_assign(key, place); }
  // None when the file does not say the key, or says it wrongly.
  [[nodiscard]] std::optional<Place> place_of(const std::string& key) const;
  // A problem of the first of `keys` that the file says; of the last one, without a place, when it says none.
  // Requires at least one key.
  [[nodiscard]] Problem problem(std::initializer_list<std::string> keys, std::string message) const;

 private:
  std::string file_;
  std::map<std::string, Place> places_;
};

}  // namespace limpet::settings
