// SharedPublisher: publishes to the clients of all nodes: here by the Publisher, elsewhere through the
// channel {PREFIX}:publish, on which each node publishes to its own what others say. Any server may publish
// there, too: the same JSON as in POST /v1/publish. A node that asks gets counts back on {PREFIX}:published.
// Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/publish_info.h"
#include "net/timer.h"
#include "net/uv_loop.h"
#include "sharing/redis_hub.h"

namespace limpet::app {

class Publisher;

class SharedPublisher final : public sharing::RedisTenant {
 public:
  // Other nodes are waited for so long; what they do later is done, and not told.
  static constexpr Duration kPatience{2000};

  struct Parts {
    net::UvLoop& loop;
    sharing::RedisPort& redis;
    Publisher& here;
  };
  SharedPublisher(const Parts& parts, const std::string& prefix);
  ~SharedPublisher();

  [[nodiscard]] std::vector<std::string> channels() const { return {channel_, answers_}; }

  // As PublishCalls. What this node refuses is not told to others. While the Redis is away it is for the
  // clients of this node alone.
  void publish(const admin::PublishOrder& order, admin::PublishWaiter& waiter);
  void forget(admin::PublishWaiter& waiter) noexcept;

  void on_message(std::string_view channel, std::string_view text) override;

 private:
  class Round;  // of a message that was published here
  class Guest;  // of one that was published elsewhere

  void on_foreign(std::string_view text);
  void on_counts(std::string_view text);
  void tell(const std::string& channel, const std::string& text);
  void on_tick();
  // Ends it when everybody has answered.
  void look_at(std::uint64_t number);

  Parts parts_;
  std::string channel_;
  std::string answers_;
  std::string self_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Round>> rounds_;
  std::map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  net::Timer timer_;
};

}  // namespace limpet::app
