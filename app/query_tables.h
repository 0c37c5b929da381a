// What the answers of the admin endpoint look like on a terminal. Pure. Any thread.
#pragma once

#include <string>

#include "admin/json.h"

namespace limpet::app {

// Names and values of /v1/status, one a line.
[[nodiscard]] std::string status_text(const admin::Json& status);
// Aligned tables with a line of headings; what an answer lacks is shown as "-".
[[nodiscard]] std::string backends_table(const admin::Json& backends);
[[nodiscard]] std::string pins_table(const admin::Json& entries);
[[nodiscard]] std::string sessions_table(const admin::Json& sessions);

}  // namespace limpet::app
