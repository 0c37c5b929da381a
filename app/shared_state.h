// SharedState: what a node shares with others through a Redis: where state.store says so. Owned by the
// Server; ends after the workers, before the loop. Control, but desk(): any thread.
#pragma once

#include <memory>
#include <string>

#include "admin/shared_info.h"
#include "app/shared_publisher.h"
#include "base/result.h"
#include "net/connector.h"
#include "sharing/load_exchange.h"
#include "sharing/redis_hub.h"
#include "sharing/redis_pins.h"

namespace limpet::app {

class Server;

class SharedState final : private sharing::PoolDirectory {
 public:
  // Fails when the files for rediss:// cannot be used. The Redis itself need not be there.
  [[nodiscard]] static Result<std::unique_ptr<SharedState>> start(Server& server, Log& log);
  ~SharedState();
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;

  [[nodiscard]] sharing::PinDesk& desk() noexcept { return pins_; }
  [[nodiscard]] sharing::RedisPins& pins() noexcept { return pins_; }
  [[nodiscard]] SharedPublisher& publisher() noexcept { return publisher_; }
  [[nodiscard]] admin::SharedStateInfo info() const;

 private:
  SharedState(Server& server, Log& log, sharing::RedisLinkOptions options);

  [[nodiscard]] std::span<const affinity::PoolView> pools() const override;
  [[nodiscard]] const affinity::PoolView* pool_by_id(affinity::PoolId id) const override;
  [[nodiscard]] const affinity::PoolView* pool_by_name(std::string_view name) const override;

  Server& server_;
  net::SocketConnector connector_;
  sharing::SystemNames names_;
  sharing::RedisHub hub_;
  sharing::RedisPins pins_;
  sharing::LoadExchange loads_;
  SharedPublisher publisher_;
};

}  // namespace limpet::app
