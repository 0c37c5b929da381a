// Opening: what is said and heard on a new connection before it is of use: to a Redis (enter, select, ask
// for its role, subscribe) or to a Sentinel (ask for the master). Replies in, words out. Pure. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "settings/redis_url.h"
#include "sharing/redis_fault.h"
#include "sharing/resp_reader.h"

namespace limpet::sharing {

struct OpeningStep {
  enum class State : std::uint8_t { Waiting, Open, Failed };

  State state = State::Waiting;
  std::string send{};      // bytes, with Waiting
  RedisFailure failure{};  // with Failed
};

class Opening {
 public:
  virtual ~Opening() = default;
  // The first bytes. Called once, before anything else.
  [[nodiscard]] virtual std::string begin() = 0;
  // Nothing may follow a step that is not Waiting.
  [[nodiscard]] virtual OpeningStep on_reply(const Reply& reply) = 0;
  // Of a Sentinel that has answered: where the master is. None of a Redis.
  [[nodiscard]] virtual std::optional<Endpoint> found() const { return std::nullopt; }
};

// Enters a Redis, and makes sure that it is a master that serves. All is sent at once; the replies come in
// order. A server that does not let us ask for its role is believed to be one.
[[nodiscard]] std::unique_ptr<Opening> make_server_opening(const settings::RedisUrl& url,
                                                           const std::vector<std::string>& channels);
// Asks a Sentinel. It is given user and password of the URL only when it asks for them.
[[nodiscard]] std::unique_ptr<Opening> make_sentinel_opening(const settings::RedisUrl& url);

}  // namespace limpet::sharing
