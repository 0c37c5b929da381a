// What the answers to reload, add, remove and weight look like on a terminal. Pure. Any thread.
#pragma once

#include <string>

#include "admin/json.h"

namespace limpet::app {

// The difference, a line a change, and what was made of it.
[[nodiscard]] std::string reload_text(const admin::Json& report);
[[nodiscard]] std::string plan_text(const admin::Json& report);
// "file:line:column: key: message", a line a mistake, as limpet check tells them.
[[nodiscard]] std::string reload_errors_text(const admin::Json& report);

[[nodiscard]] std::string added_text(const admin::Json& backend);
[[nodiscard]] std::string removed_text(const admin::Json& backend);
[[nodiscard]] std::string weight_text(const admin::Json& backend);

}  // namespace limpet::app
