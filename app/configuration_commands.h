// The commands that change what a running limpet runs with: reload, add, remove, weight.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// `exit_code` is set when one of the commands has run: 0 fine, 1 no answer, a refusal or a file with
// mistakes, 2 bad usage. `exit_code` outlives the parsing.
void add_configuration_commands(CLI::App& app, int& exit_code);

}  // namespace limpet::app
