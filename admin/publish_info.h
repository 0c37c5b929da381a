// What the admin endpoint asks and tells of publishing: one message for every matching WebSocket client.
// Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "admin/refusal.h"

namespace limpet::admin {

// A message and for whom it is. An empty filter is none.
struct PublishOrder {
  std::string message;     // of text: UTF-8 (RFC 6455 5.6)
  bool is_binary = false;  // else text
  std::string pool{};
  std::string backend{};
  std::string route{};  // its host and path as configured, one behind the other: "chat.example.com/a"
  std::string key{};    // the affinity key, as it is shown of sessions and pins
};

// In sessions, but for nodes: matched = sent + queued + dropped.
struct PublishInfo {
  std::uint64_t matched = 0;
  std::uint64_t sent = 0;
  std::uint64_t queued = 0;
  std::uint64_t dropped = 0;
  std::uint64_t nodes = 1;  // of limpet that have answered for their sessions
};

// Who waits for what has become of a message.
class PublishWaiter {
 public:
  virtual void on_published(const OrRefusal<PublishInfo>& published) = 0;

 protected:
  ~PublishWaiter() = default;
};

class PublishCalls {
 public:
  // Answers through `waiter`, once, now or later, unless forget() comes first: the
  // message goes on then.
  virtual void publish(const PublishOrder& order, PublishWaiter& waiter) = 0;
  virtual void forget(PublishWaiter& waiter) = 0;
  // Of one message; 0 = nothing is published here.
  [[nodiscard]] virtual std::size_t most_message_bytes() const = 0;

 protected:
  ~PublishCalls() = default;
};

}  // namespace limpet::admin
