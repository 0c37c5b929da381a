// Serving, as `limpet run` and `limpet demo` both do it.
#pragma once

#include <functional>
#include <string>

#include "app/server.h"
#include "settings/load.h"

namespace limpet::app {

// Every mistake, a line each, on standard error.
void report(const settings::Problems& problems);

// Opens the log, starts the server, tells `when_started`, serves until it is stopped. Answers the exit code;
// what keeps it from starting is told on standard error. `file`: as in Server::Origin. Requires
// ignore_early_signals() before there is another thread.
[[nodiscard]] int serve(settings::Settings settings, const std::string& file, Launch launch,
                        const std::function<void(Log&)>& before_start,
                        const std::function<void(Server&)>& when_started);

// From now on HUP and USR1 are what the Server makes of them, and nothing before it starts.
void ignore_early_signals();

}  // namespace limpet::app
