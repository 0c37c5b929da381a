// Loading a configuration file: every mistake is reported at once with its place and remedy; nothing is half
// applied. Control thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "settings/settings.h"

namespace limpet::settings {

// One mistake in a file. Lines and columns count from 1; 0 = the file as a whole.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string key;  // dotted path, list items by index: "backends[1].address"; empty = the file as a whole
  std::string
      message;  // what is wrong and what was expected; ends with the nearest known key where one is near

  // "file:line:column: key: message"
  [[nodiscard]] std::string to_string() const;
};

using Problems = std::vector<Problem>;
using Loaded = std::variant<Settings, Problems>;

// Reads, expands ${NAME} and ${NAME:-default}, checks everything. Names are not resolved; of other files only
// the admin token file is looked at.
[[nodiscard]] Loaded load_file(const std::string& path);
// The same for text, without a look at any file; `name` stands for the file in problems.
[[nodiscard]] Loaded load_text(std::string_view text, const std::string& name);

// The effective configuration as YAML that loads to an equal Settings (limpet check --print).
[[nodiscard]] std::string print(const Settings& settings);

}  // namespace limpet::settings
