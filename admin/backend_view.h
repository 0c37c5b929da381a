// How a backend looks in the answers of the admin endpoint. Pure. Any thread.
#pragma once

#include "admin/json.h"
#include "admin/source.h"

namespace limpet::admin {

// As rates are written in a configuration, with a fraction where there is one.
[[nodiscard]] std::string rate_text(double per_second);
[[nodiscard]] Json backend_json(const BackendInfo& backend);

}  // namespace limpet::admin
