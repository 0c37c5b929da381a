// The commands that ask a running limpet: status, backends, affinity, sessions.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// `exit_code` is set when one of the commands has run: 0 fine, 1 no answer or an error answer, 2 bad usage.
// `exit_code` outlives the parsing.
void add_query_commands(CLI::App& app, int& exit_code);

}  // namespace limpet::app
