// The command line: every command, its options and its exit code.
#pragma once

namespace limpet::app {

// 0 fine, 1 bad configuration (or an error answer of a running limpet), 2 bad usage, 3 could not bind or
// start.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

}  // namespace limpet::app
