// `limpet upgrade`: asks a running limpet to be replaced, and tells how that goes.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// `exit_code` is set when the command has run: 0 another process serves, 1 it does not, 2 bad usage.
// `exit_code` outlives the parsing.
void add_upgrade_command(CLI::App& app, int& exit_code);

}  // namespace limpet::app
