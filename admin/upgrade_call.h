// POST /v1/upgrade: another process takes over. Control thread.
#pragma once

#include "admin/answer.h"
#include "admin/upgrade_info.h"

namespace limpet::admin {

// What the call has to be answered with, later.
struct UpgradeRequest {};

[[nodiscard]] Answer upgrade_answer(const OrRefusal<UpgradeInfo>& upgrade);

}  // namespace limpet::admin
