// `limpet top`.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

void add_top_command(CLI::App& app, int& exit_code);

}  // namespace limpet::app
