// The commands that read a configuration file.
#pragma once

#include <string>

namespace limpet::app {

// Serves until a signal ends it. Answers the exit code.
[[nodiscard]] int run_file(const std::string& file);
// Prints "ok" (or the effective configuration) and answers 0, or every mistake and answers 1.
[[nodiscard]] int check_file(const std::string& file, bool print);

}  // namespace limpet::app
