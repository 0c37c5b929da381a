// What `limpet status` prints: what is wrong first, then how it is. Pure. Any thread.
#pragma once

#include <string>

#include "console/json.h"

namespace limpet::console {

// `status` and `backends` are the answers of GET /v1/status and GET /v1/backends.
[[nodiscard]] std::string status_summary(const Json& status, const Json& backends);

}  // namespace limpet::console
