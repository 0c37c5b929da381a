// What an operator says of a backend: drain, enable, disable; and how a drain looks. Free functions over a
// snapshot and DrainControl, so that no server is needed to test them. Control thread.
#pragma once

#include <optional>

#include "admin/source.h"
#include "app/admin_pins.h"
#include "app/drain_control.h"
#include "base/clock.h"
#include "base/log.h"
#include "proxy/snapshot.h"

namespace limpet::app {

struct ModeContext {
  const proxy::Snapshot& snapshot;
  DrainControl& drains;
  Log& log;
};
// Sets the mode, begins or ends the drain, and logs it. A backend that is being removed is refused (409): it
// comes back through the configuration.
[[nodiscard]] admin::OrRefusal<LocatedBackend> set_mode(const ModeContext& context,
                                                        const admin::BackendChoice& choice,
                                                        const admin::ModeOrder& order);

struct Times {
  Instant now;
  WallTime wall_now;
};
// None while its sessions are not sent away.
[[nodiscard]] std::optional<admin::DrainInfo> drain_info(const DrainControl& drains,
                                                         backends::BackendId backend, const Times& times);

}  // namespace limpet::app
