// `limpet publish`: a message to every matching WebSocket client of a running limpet.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// `exit_code` is set when the command has run: 0 it was published, 1 it was not, 2 bad usage. `exit_code`
// outlives the parsing.
void add_publish_command(CLI::App& app, int& exit_code);

}  // namespace limpet::app
