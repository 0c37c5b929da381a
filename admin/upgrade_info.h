// What the admin endpoint asks and tells of upgrades. Control thread.
#pragma once

#include <cstdint>

#include "admin/refusal.h"
#include "base/clock.h"

namespace limpet::admin {

// The process that this one has followed, until its last session has gone.
struct PredecessorInfo {
  std::uint32_t pid = 0;
  std::uint64_t sessions = 0;
  WallTime since;  // it serves nobody new
};

// The process that serves now.
struct UpgradeInfo {
  std::uint32_t pid = 0;
};

// Who waits for the end of an upgrade.
class UpgradeWaiter {
 public:
  virtual void on_upgrade(const OrRefusal<UpgradeInfo>& upgrade) = 0;

 protected:
  ~UpgradeWaiter() = default;
};

class UpgradeCalls {
 public:
  // Answers through `waiter`, once, now or later, unless stop_waiting() comes first.
  virtual void upgrade(UpgradeWaiter& waiter) = 0;
  virtual void stop_waiting(UpgradeWaiter& waiter) = 0;

 protected:
  ~UpgradeCalls() = default;
};

}  // namespace limpet::admin
