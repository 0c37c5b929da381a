// `limpet affinity explain`.
#pragma once

namespace CLI {
class App;
}

namespace limpet::app {

// Below the command `affinity`.
void add_explain_command(CLI::App& affinity, int& exit_code);

}  // namespace limpet::app
