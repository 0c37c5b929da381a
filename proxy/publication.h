// Publication: one message for many clients, framed once, and what became of it. Control makes it and posts
// it to every worker; immutable. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/clock.h"
#include "net/mailbox.h"
#include "proxy/route.h"

namespace limpet::proxy {

// A whole frame as a server sends it: FIN, no mask, RSV1 = 0, so that a client takes it for uncompressed
// whatever was negotiated (RFC 6455 5.2, RFC 7692 6). Shared by all who wait for it.
using FramePtr = std::shared_ptr<const std::string>;

// What has become of it, in sessions: matched = sent + queued + dropped.
struct PublishCounts {
  std::uint64_t matched = 0;  // live, and wanted by the filters
  std::uint64_t sent = 0;     // put into the connection
  std::uint64_t queued = 0;   // waits for the end of a message, or for a client that does not read
  std::uint64_t dropped = 0;  // the queue was full, or the session ended while it was waited for

  PublishCounts& operator+=(const PublishCounts& other) noexcept {
    matched += other.matched;
    sent += other.sent;
    queued += other.queued;
    dropped += other.dropped;
    return *this;
  }
};

// A worker has offered it to all its sessions.
struct Published {
  std::uint64_t publication = 0;  // as ordered
  PublishCounts counts;
};

struct Publication {
  std::uint64_t number = 0;  // comes back in the answer
  FramePtr frame;
  std::vector<bool> backends = {};                // by BackendId; empty = sessions of any
  std::optional<std::string> key = std::nullopt;  // set: only sessions of that key
  std::optional<RouteId> route = std::nullopt;    // set: only those that came by it
  std::size_t queue_bytes = 0;                    // that may wait for one session; one frame always may
  Instant wait_until = {};  // sessions whose queue is full are offered it again until then
  net::Mailbox<Published>* reply_to = nullptr;  // outlives the worker; null: nobody wants to know

  [[nodiscard]] bool is_for(backends::BackendId backend) const noexcept {
    return backends.empty() || (backend < backends.size() && backends[backend]);
  }
};

using PublicationPtr = std::shared_ptr<const Publication>;

}  // namespace limpet::proxy
