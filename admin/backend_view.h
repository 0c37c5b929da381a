// How a backend looks in the answers of the admin endpoint. Pure. Any thread.
#pragma once

#include "admin/json.h"
#include "admin/source.h"

namespace limpet::admin {

[[nodiscard]] Json backend_json(const BackendInfo& backend);

}  // namespace limpet::admin
