// Launch: how this process came to be, beside its configuration: by which command, what it was given to
// listen on, and whom it follows. Made once, first of all, and given to the Server. Control thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/inherited_sockets.h"
#include "app/predecessor.h"
#include "app/start_command.h"
#include "base/result.h"

namespace limpet::app {

struct Launch {
  std::optional<StartCommand> command;       // none: there can be no other process like it
  std::unique_ptr<Predecessor> predecessor;  // null unless it follows another process
  Predecessor::Offer offer;                  // sockets may be those of a service manager

  // Waits for the offer of the predecessor, where there is one. An error is the end of this process, and the
  // predecessor has been told.
  [[nodiscard]] static Result<Launch> of_this_process();
  // This process does not come up.
  void fail(const std::string& detail) const {
    if (predecessor != nullptr) {
      predecessor->fail(detail);
    }
  }
};

}  // namespace limpet::app
