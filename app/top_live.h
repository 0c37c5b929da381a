// `limpet top` on a terminal. Command line, one thread and that of its TopWatch.
#pragma once

#include "app/admin_command.h"

namespace limpet::app {

// Shows until `q` or a signal that ends it; answers the exit code. Requires is_interactive().
[[nodiscard]] int run_top_live(const AdminOptions& options);

}  // namespace limpet::app
