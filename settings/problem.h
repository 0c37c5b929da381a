// Problem: one mistake in a configuration file, with its place. Any thread.
#pragma once

#include <string>
#include <vector>

namespace limpet::settings {

// Lines and columns count from 1; 0 = the file as a whole.
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

}  // namespace limpet::settings
