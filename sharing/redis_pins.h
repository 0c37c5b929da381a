// RedisPins: pins that several limpet nodes share through a Redis. A pin is claimed there atomically: the
// first writer wins, everybody follows. The affinity table of this node is the cache of what was agreed;
// changes made elsewhere are heard and follow there at once, and what lives is refreshed before it expires.
//
//   worker --ask()--> control --EVAL--> Redis       the answer goes into the table, then to the worker
//   Redis --message--> control                      another node has moved or forgotten a pin: into the table
//
// While the Redis is away nobody is asked and each node decides alone; then no pin counts as agreed, and each
// is asked for again when it is used next. Control, but what is a PinDesk's: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "affinity/table.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "net/uv_loop.h"
#include "sharing/pin_desk.h"
#include "sharing/pool_directory.h"
#include "sharing/redis_hub.h"
#include "sharing/shared_pin.h"

namespace limpet::sharing {

struct RedisPinsCounts {
  std::uint64_t claims = 0;    // questions put to the Redis
  std::uint64_t agreed = 0;    // answered: here first, or as here
  std::uint64_t followed = 0;  // answered: another node had given the key another backend
  std::uint64_t failed = 0;    // no answer in time, or an error
  std::uint64_t changes = 0;   // of other nodes, that changed a pin here
  std::uint64_t garbage = 0;   // values and messages that say nothing
};

class RedisPins final : public PinDesk, public RedisTenant {
 public:
  struct Parts {
    net::UvLoop& loop;
    RedisPort& redis;
    affinity::AffinityTable& table;
    const PoolDirectory& pools;
  };
  RedisPins(const Parts& parts, std::string prefix, Duration patience);
  ~RedisPins() override;

  [[nodiscard]] std::vector<std::string> channels() const { return {channel_}; }

  [[nodiscard]] bool is_open() const noexcept override { return parts_.redis.is_open(); }
  [[nodiscard]] Duration patience() const noexcept override { return patience_; }
  void ask(PinQuestion question) override { questions_.post(std::move(question)); }

  // An operator's words, which have been carried out here.
  void tell_set(const affinity::PoolView& pool, const affinity::Key& key, const std::string& backend);
  void tell_forgotten(const affinity::PoolView& pool, const affinity::Key& key);

  [[nodiscard]] const RedisPinsCounts& counts() const noexcept { return counts_; }

  void on_open() override;
  void on_closed() override;
  void on_message(std::string_view channel, std::string_view text) override;

 private:
  // A question on its way; who waits for it hears the answer once.
  struct Claim {
    PinQuestion question;
    std::string pool;
    std::string key;         // as it stands in the Redis
    std::string instead_of;  // name; empty = only a key without a pin gets one
    bool by_operator = false;
    int tries = 0;
  };
  using ClaimPtr = std::shared_ptr<Claim>;
  // Of a key that is being asked for: a message about it that came meanwhile may be newer than the answer.
  struct UnderWay {
    std::size_t claims = 0;
    std::optional<std::string> heard;  // the backend that it named; empty = none
  };

  void on_question(PinQuestion question);
  void send(const ClaimPtr& claim);
  void on_answer(const ClaimPtr& claim, const RedisAnswer& answer);
  // True when that answers the claim; false when it is to be made again.
  [[nodiscard]] bool settle(Claim& claim, const SharedPin& holder, bool was_overtaken);
  void reply(const Claim& claim, bool is_settled);
  void tell(const PinChange& change);
  void heed(const PinChange& change);
  void refresh_some();
  [[nodiscard]] Duration refresh_period() const;

  Parts parts_;
  std::string prefix_;
  std::string channel_;
  Duration patience_;
  net::Mailbox<PinQuestion> questions_;
  std::unordered_map<std::string, UnderWay> under_way_;
  // An operator's words that could not be told.
  std::unordered_map<std::string, ClaimPtr> untold_;
  RedisPinsCounts counts_;

  // The refresh under way: everything used since `used_since_`.
  bool refreshes_ = false;
  std::uint64_t cursor_ = 0;
  Instant used_since_;
  Instant began_;
  net::Timer timer_;
};

}  // namespace limpet::sharing
