// Totals: what the workers have counted, added up when somebody asks. Control thread.
#pragma once

#include <cstdint>
#include <vector>

#include "admin/source.h"
#include "base/counters.h"
#include "proxy/snapshot.h"

namespace limpet::app {

class Server;

[[nodiscard]] std::uint64_t total(Server& server, Counter counter);
// What ended by a fault of a backend or of limpet: never got its answer, or was cut off by them.
[[nodiscard]] std::uint64_t total_errors(Server& server);
// WebSocket messages that have passed whole, either way.
[[nodiscard]] std::uint64_t total_messages(Server& server);
// Every counter under its word, and "messages", "errors" and "log_lines_lost".
[[nodiscard]] std::vector<admin::NamedCount> all_totals(Server& server);
// By close reason, without zeros.
[[nodiscard]] std::vector<admin::NamedCount> all_ends(Server& server);
// Tunnels of all backends.
[[nodiscard]] std::uint64_t live_sessions(const proxy::Snapshot& snapshot);

}  // namespace limpet::app
