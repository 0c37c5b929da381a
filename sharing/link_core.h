// The inside of RedisLink: its states, whose answer is awaited, and when to look whether all is well.
// Control.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "net/deadlines.h"
#include "sharing/back_off.h"
#include "sharing/command_queue.h"
#include "sharing/redis_connection.h"
#include "sharing/redis_link.h"
#include "sharing/server_search.h"

namespace limpet::sharing {

class RedisLink::Core final : public SearchOwner,
                              public RedisConnectionOwner,
                              public net::DeadlineOwner,
                              public net::TurnEnd {
 public:
  Core(const RedisNet& net, RedisLinkOptions options, RedisLinkEvents& events);
  ~Core() { stop(); }

  void start();
  void stop() noexcept;
  void send(std::span<const std::string_view> words, AnswerFn answer);

  [[nodiscard]] bool is_up() const noexcept { return state_ == State::Up; }
  [[nodiscard]] std::string peer() const;
  [[nodiscard]] std::size_t outstanding() const noexcept { return queue_.size(); }
  [[nodiscard]] const RedisLinkCounts& counts() const noexcept { return counts_; }

 private:
  enum class State : std::uint8_t { Idle, Dialing, Up, Resting, Stopped };

  void on_found(std::unique_ptr<RedisConnection> connection) override;
  void on_not_found(const RedisFailure& failure) override;
  void on_connection_open() override {}  // it was open before it was found
  void on_connection_reply(const Reply& reply) override;
  void on_connection_lost(const RedisFailure& failure) override;
  void on_deadline() override;
  void on_turn_end() override;

  void dial();
  void rest();
  [[nodiscard]] bool has_room_for(std::span<const std::string_view> words) const noexcept;
  void refuse(AnswerFn answer);
  void tell_refused();

  // Up only.
  void take_answer(const Reply& reply);
  // The answer says that this server is of no use any more.
  void leave(const KnownError& known, const std::string& text);
  void tell_late();
  [[nodiscard]] bool was_silent() const noexcept;
  void ping();
  void arm();
  [[nodiscard]] Instant silent_at() const noexcept;
  void lose(const RedisFailure& failure);

  void ask_for_turn_end();

  RedisNet net_;
  const RedisLinkOptions options_;
  RedisLinkEvents& events_;
  Random random_;
  BackOff back_off_;
  ServerSearch search_;
  net::Deadline deadline_{*this};                // Up: when to look; Resting: the end of the wait
  std::unique_ptr<RedisConnection> connection_;  // null unless Up
  CommandQueue queue_;                           // empty unless Up
  std::vector<AnswerFn> refused_;                // told at the end of the turn
  bool awaits_turn_end_ = false;
  State state_ = State::Idle;
  Instant up_since_{};
  std::optional<RedisFault> told_;  // the fault that on_down() has told last; none while Up
  RedisLinkCounts counts_;
};

}  // namespace limpet::sharing
