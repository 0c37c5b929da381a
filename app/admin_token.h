// Which token the commands that ask a running limpet bring along. Any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace limpet::app {

// The token that a command sends: that of `file` (--token-file), else that of `environment`
// (LIMPET_ADMIN_TOKEN, null when it is not set), else none. The error is one of usage.
[[nodiscard]] Result<std::string> admin_token(const std::string& file, const char* environment);

}  // namespace limpet::app
