// Reloading: the configuration file, and changes at run time, made to run in a Server: read and bind
// everything first, then change everything at once, or nothing. Free functions over the Server's parts.
// Control thread.
#pragma once

#include <optional>

#include "admin/reload_info.h"
#include "admin/source.h"
#include "app/configuration.h"

namespace limpet::app {

class Server;

// Tells the log what came of it. Refused when there is no file.
[[nodiscard]] admin::OrRefusal<admin::ReloadReport> reload_file(Server& server, Author author);
// The same without doing it: binds nothing, makes no file, logs nothing.
[[nodiscard]] admin::OrRefusal<admin::ReloadReport> plan_reload(Server& server);

// A change at run time: `next` is what is to run (run_time_changes.h). Refused, and nothing has changed, when
// certificates that it names cannot be used.
[[nodiscard]] std::optional<admin::Refusal> change_run_time(Server& server, settings::Settings next);

}  // namespace limpet::app
