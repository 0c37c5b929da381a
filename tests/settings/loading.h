// Verbs of the settings tests: a text is accepted, or refused with problems that are compared as people read
// them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "settings/load.h"
#include "tests/support/catch.h"

namespace limpet::settings {

inline std::vector<std::string> problems_in(const std::string& text) {
  std::vector<std::string> shown;
  const Loaded loaded = load_text(text, "f");
  if (const auto* problems = std::get_if<Problems>(&loaded)) {
    for (const Problem& problem : *problems) {
      shown.push_back(problem.to_string());
    }
  }
  return shown;
}

inline Settings accepted(const std::string& text) {
  const Loaded loaded = load_text(text, "f");
  for (const std::string& problem : problems_in(text)) {
    FAIL_CHECK(problem);
  }
  REQUIRE(std::holds_alternative<Settings>(loaded));
  return std::get<Settings>(loaded);
}

// The only problem of the text.
inline std::string refused(const std::string& text) {
  const std::vector<std::string> problems = problems_in(text);
  INFO(text);
  REQUIRE(problems.size() == 1);
  return problems.front();
}

// Lines 1 to 4 of a file that is right so far.
inline const std::string kBase =
    "listeners:\n"
    "  - bind: 127.0.0.1:8080\n"
    "backends:\n"
    "  - address: 127.0.0.1:3000\n";

}  // namespace limpet::settings
