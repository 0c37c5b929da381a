// LoadExchange: how much load each backend has through other nodes, so that least_sessions, load_factor and
// max_sessions hold for all of them together. Each node publishes its own twenty times a second; one that is
// not heard any more counts for a few seconds. Control.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/timer.h"
#include "sharing/load_report.h"
#include "sharing/pool_directory.h"
#include "sharing/redis_hub.h"

namespace limpet::sharing {

class LoadExchange final : public RedisTenant {
 public:
  // What has changed is told so often, and all of it at least every kTellAll.
  static constexpr Duration kTellEvery{50};
  static constexpr Duration kTellAll{1000};
  // A node that was not heard for so long has none.
  static constexpr Duration kForgetAfter{3000};

  LoadExchange(net::UvLoop& loop, RedisPort& redis, const PoolDirectory& pools, const std::string& prefix);

  [[nodiscard]] std::vector<std::string> channels() const { return {channel_}; }
  // Other nodes that are heard.
  [[nodiscard]] std::size_t nodes() const noexcept { return nodes_.size(); }

  void on_open() override { told_all_ = Instant{}; }
  void on_message(std::string_view channel, std::string_view text) override;

 private:
  using Name = std::pair<std::string, std::string>;  // pool, backend
  struct Node {
    Instant heard;
    std::map<Name, std::uint32_t> loads;
  };

  void on_tick();
  void tell(Instant now);
  void send(std::vector<LoadItem> items);
  void forget_silent(Instant now);
  // Sums up what all nodes say of it.
  void settle(const Name& name);

  net::UvLoop& loop_;
  RedisPort& redis_;
  const PoolDirectory& pools_;
  std::string channel_;
  std::string self_;
  std::map<std::string, Node> nodes_;
  std::unordered_map<backends::BackendId, std::uint32_t> told_;
  Instant told_all_;
  net::Timer timer_;
};

}  // namespace limpet::sharing
