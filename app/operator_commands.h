// The commands by which an operator changes a running limpet: drain, enable, disable, end.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// `exit_code` is set when one of the commands has run: 0 fine, 1 no answer or an error answer, 2 bad usage.
// `exit_code` outlives the parsing.
void add_operator_commands(CLI::App& app, int& exit_code);

}  // namespace limpet::app
