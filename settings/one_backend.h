// A backend from the texts of its keys, read by the same rows as those of a file: for changes that are made
// without one. Pure. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "settings/settings.h"

namespace limpet::settings {

// What is wrong with the text of one key.
struct KeyFault {
  std::string key;  // "weight"
  std::string message;
};

using KeyTexts = std::vector<std::pair<std::string, std::string>>;  // key ("weight", "tls.ca") and text
// The text of a section, which comes before its keys.
inline constexpr std::string_view kSection = "{}";

// `base` with these values; without a name it is called by its address. Answers every fault at once.
[[nodiscard]] std::variant<Backend, std::vector<KeyFault>> read_backend(const KeyTexts& values,
                                                                        Backend base = {});

}  // namespace limpet::settings
