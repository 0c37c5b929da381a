// Report: gathers what is wrong with a file while it is read and checked, and remembers where each key
// stands. Owned by one load. Control thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "settings/places.h"
#include "settings/problem.h"
#include "settings/yaml.h"

namespace limpet::settings {

class Report {
 public:
  explicit Report(std::string file) : places_(std::move(file)) {}

  void add(Place place, std::string key, std::string message);
  // `key` was read well, from this place.
  void note(const std::string& key, Place place) { places_.note(key, place); }
  // None when the file does not say the key, or says it wrongly.
  [[nodiscard]] std::optional<Place> place_of(const std::string& key) const { return places_.place_of(key); }
  [[nodiscard]] const Places& places() const noexcept { return places_; }
  // In the order of the file. Leaves the report empty.
  [[nodiscard]] Problems take();

 private:
  Problems problems_;
  Places places_;
};

// "parent.name", or the name alone at the top level.
[[nodiscard]] std::string join_key(const std::string& parent, std::string_view name);
// "parent[index]".
[[nodiscard]] std::string item_key(const std::string& parent, std::size_t index);
// Text as a message quotes it: in quotes, shortened, control characters made visible; of a URL without its
// user and password.
[[nodiscard]] std::string quoted(std::string_view text);
// What a message says was found: the quoted text, "a list", "a mapping" or "nothing".
[[nodiscard]] std::string found(const YamlNode& node);

}  // namespace limpet::settings
