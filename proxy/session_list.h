// SessionList: the live tunnels of one worker, and how a slice of them is shown. Owns them. Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/clock.h"
#include "base/slot_list.h"

namespace limpet::proxy {

class Tunnel;

// One live session, for people.
struct SessionView {
  std::uint64_t id = 0;
  std::string key;  // empty without affinity
  backends::BackendId backend = 0;
  std::string client;
  std::string request_id;
  Instant opened;
  Instant last_activity;
  std::uint64_t messages_from_client = 0;
  std::uint64_t messages_from_backend = 0;
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_from_backend = 0;
  std::uint64_t queued_bytes = 0;  // kept here because an end does not take them; publications included
};

using SessionList = SlotList<Tunnel>;

struct SessionPage {
  std::vector<SessionView> sessions;
  std::size_t next = 0;  // slot to go on with; 0 = this was the last page
};

// From slot `from` on, at most `limit`; looks at a bounded number of slots, so that a page never stalls the
// worker.
[[nodiscard]] SessionPage list_sessions(const SessionList& list, std::size_t from, std::size_t limit,
                                        std::optional<backends::BackendId> backend);

}  // namespace limpet::proxy
