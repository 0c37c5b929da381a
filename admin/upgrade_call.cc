#include "admin/upgrade_call.h"

#include "admin/json.h"
#include "admin/views.h"

namespace limpet::admin {

Outcome start_upgrade(const Call&, Source&) {
  return UpgradeRequest{};
}

Answer upgrade_answer(const OrRefusal<UpgradeInfo>& upgrade) {
  if (const auto* const refusal = std::get_if<Refusal>(&upgrade)) {
    return to_answer(*refusal);
  }
  return json_answer({{"pid", std::get<UpgradeInfo>(upgrade).pid}});
}

}  // namespace limpet::admin
