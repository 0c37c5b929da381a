// What the answers of the admin endpoint look like on a terminal. Pure. Any thread.
#pragma once

#include <string>

#include "console/json.h"

namespace limpet::console {

// Aligned tables with a line of headings; what an answer lacks is shown as "-".
[[nodiscard]] std::string backends_table(const Json& backends);
[[nodiscard]] std::string pins_table(const Json& entries);
[[nodiscard]] std::string sessions_table(const Json& sessions);

}  // namespace limpet::console
