// The answers of GET /v1/affinity/explain in words. Pure. Any thread.
#pragma once

#include <string>

#include "console/json.h"

namespace limpet::console {

// Every step of the decision on one client, and what came out.
[[nodiscard]] std::string explanation_text(const Json& explanation);
// Who would move with other backends.
[[nodiscard]] std::string forecast_text(const Json& forecast);

}  // namespace limpet::console
