// RedisHub: the two links that a node has to the Redis of its cluster: one for commands, one on which it
// hears what others publish. Open when both are up. Says so in one line of the log a change. Owned by the
// server; what is told lives as long as it. Control, but is_open(): any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "sharing/redis_link.h"

namespace limpet::sharing {

// Where shared state lives, as those see it who keep theirs there.
class RedisPort {
 public:
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  // See RedisLink::send().
  virtual void send(std::span<const std::string_view> words, AnswerFn answer) = 0;

 protected:
  ~RedisPort() = default;
};

// Who keeps something there.
class RedisTenant {
 public:
  virtual void on_open() {}
  // Messages may have been missed from now on.
  virtual void on_closed() {}
  // Of any channel that some tenant wants.
  virtual void on_message(std::string_view channel, std::string_view text) = 0;

 protected:
  ~RedisTenant() = default;
};

struct RedisHubStatus {
  bool is_open = false;
  std::string peer;    // of the commands
  std::string fault;   // a word of RedisFault; empty while open, and before the first attempt has ended
  std::string detail;  // of the fault
  Instant since;       // it is so
  RedisLinkCounts commands;
};

class RedisHub final : public RedisPort {
 public:
  RedisHub(const RedisNet& net, RedisLinkOptions options, Log& log);
  ~RedisHub();
  RedisHub(const RedisHub&) = delete;
  RedisHub& operator=(const RedisHub&) = delete;

  // Before start(). Tenants outlive the hub's links: stop() first.
  void admit(RedisTenant& tenant, const std::vector<std::string>& channels);
  void start();
  void stop() noexcept;

  [[nodiscard]] bool is_open() const noexcept override { return is_open_.load(std::memory_order_relaxed); }
  void send(std::span<const std::string_view> words, AnswerFn answer) override;
  [[nodiscard]] RedisHubStatus status() const;

 private:
  struct End final : RedisLinkEvents {
    explicit End(RedisHub& owner) : hub(owner) {}
    void on_up() override { hub.on_change(*this, true, {}); }
    void on_down(const RedisFailure& failure) override { hub.on_change(*this, false, failure); }
    void on_message(std::string_view channel, std::string_view text) override { hub.tell(channel, text); }

    RedisHub& hub;
    bool is_up = false;
    std::unique_ptr<RedisLink> link;
  };

  void on_change(End& end, bool is_up, const RedisFailure& failure);
  void tell(std::string_view channel, std::string_view text);

  RedisNet net_;
  RedisLinkOptions options_;
  Log& log_;
  std::vector<RedisTenant*> tenants_;
  std::vector<std::string> channels_;
  End commands_{*this};
  End messages_{*this};
  std::atomic<bool> is_open_{false};
  std::optional<RedisFailure> failure_;  // why it is not open, since it was; none before that is known
  Instant since_;
};

}  // namespace limpet::sharing
