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
// ignore_hangup() before there is another thread.
[[nodiscard]] int serve(settings::Settings settings, const std::string& file, Launch launch,
                        const std::function<void(Log&)>& before_start,
                        const std::function<void(Server&)>& when_started);

// From now on HUP is what the Server makes of it, and nothing before it starts and after it has gone.
void ignore_hangup();

}  // namespace limpet::app
