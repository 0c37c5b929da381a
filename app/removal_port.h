// RemovalPort: what is done with the sessions of a backend that was removed while limpet runs. Control
// thread.
#pragma once

#include "affinity/decide.h"
#include "backends/backend.h"

namespace limpet::app {

class RemovalPort {
 public:
  // It takes no new clients any more (Backend::is_leaving): its sessions are to go. Called once.
  virtual void send_away(const affinity::PoolView& pool, const backends::Backend& backend) = 0;
  // It was added again meanwhile: whoever is left stays.
  virtual void keep(backends::BackendId backend) = 0;
  // It stands nowhere any more: its last session has ended.
  virtual void has_gone(backends::BackendId backend) = 0;

 protected:
  ~RemovalPort() = default;
};

}  // namespace limpet::app
