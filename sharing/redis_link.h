// RedisLink: a connection to a Redis that is kept alive: found (through Sentinel too), entered, asked whether
// it is there while idle, and opened anew with growing waits when it is lost. Commands are pipelined: those
// of one turn of the loop leave in one write. Owned by whoever shares state. Control.
//
//   Idle --start()--> Dialing --open--> Up --lost--> Resting --wait over--> Dialing ...
//                      |  ^--a Sentinel has named the master
//                      '--failed--> Resting
//
// Cluster: limpet's keys share one hash tag, so one node has them all. MOVED makes the link go to the node
// that it names, until that one is lost; then the configured one is asked again. ASK fails the one command:
// while a slot is moved, keys that are there already are not seen; the MOVED at the end is followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/tls_client.h"
#include "settings/redis_url.h"
#include "sharing/name_lookup.h"
#include "sharing/redis_fault.h"
#include "sharing/resp_reader.h"

namespace limpet::sharing {

// What the Redis has said, errors included (Reply::is_error), or why it has said nothing:
//   Timeout      not within the timeout; what comes later is dropped
//   Reset        the link was lost behind the command: it may have been carried out
//   Unavailable  the link is down or full: it was not sent
using RedisAnswer = Result<Reply>;
using AnswerFn = std::function<void(const RedisAnswer&)>;

// Any of these may send, and may call stop(); none may end the link: bury it.
class RedisLinkEvents {
 public:
  // Commands are taken from now on; every channel is subscribed to.
  virtual void on_up() = 0;
  // It was up and is lost; or it could not be opened, which is told once until the fault is another one.
  // Answers that were awaited are called before.
  virtual void on_down(const RedisFailure& failure) = 0;
  // Of a subscriber. Both are borrowed for the call.
  virtual void on_message(std::string_view channel, std::string_view text) = 0;

 protected:
  ~RedisLinkEvents() = default;
};

struct RedisLinkOptions {
  settings::RedisUrl url;
  Duration timeout{50};         // of one answer; told at most a tick of the loop's deadlines late
  Duration open_timeout{1000};  // of one address: connect, TLS and the greeting
  // Idle for so long, it is asked whether it is there.
  Duration ping_every{1000};
  // Nothing was heard for so long while an answer is awaited: it is lost. 0 = ten timeouts, a second at
  // least: a fork of a large Redis takes a good part of it. A silent partition is seen within
  // ping_every + silence.
  Duration silence{0};
  Duration first_wait{50};  // before the second attempt; doubles, less up to a half by chance
  Duration longest_wait{2000};
  std::size_t most_outstanding = 65'536;                  // commands whose answer has not come
  std::size_t most_unsent_bytes = std::size_t{4} << 20U;  // and what of them the Redis does not take
  // For rediss://. An empty server_name stands for the host of whomever is connected to: the one of the URL,
  // or the one that a Sentinel or MOVED names.
  net::TlsClientOptions tls{};
  std::shared_ptr<net::TlsCounts> tls_counts{};  // null = counts of its own
  std::uint64_t seed = 0;                        // of the waits
  // A subscriber: no commands are taken, and what is published on these goes to on_message(). Subscribed to
  // anew on every connection, before on_up().
  std::vector<std::string> channels{};
};

// What it works with; outlives it.
struct RedisNet {
  net::Loop& loop;
  net::Connector& connector;
  NameLookup& names;
};

// Facts for status and metrics.
struct RedisLinkCounts {
  std::uint64_t sent = 0;      // commands
  std::uint64_t answered = 0;  // in time
  std::uint64_t late = 0;      // told as Timeout
  std::uint64_t lost = 0;      // told as Reset
  std::uint64_t refused = 0;   // told as Unavailable
  std::uint64_t ups = 0;
  std::uint64_t downs = 0;  // was up, is lost
};

class RedisLink final : public net::Disposable {
 public:
  RedisLink(const RedisNet& net, RedisLinkOptions options, RedisLinkEvents& events);
  // As stop().
  ~RedisLink() override;
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  // Once. Nothing is told from inside.
  void start();
  // Closes for good. Nothing is told any more: answers that are awaited are dropped uncalled.
  void stop() noexcept;

  // `words`: the command and its arguments, copied. `answer` (null = nobody asks) is called exactly once
  // (unless stop() comes before), never from inside: when the link is down or full, at the end of this turn.
  // Answers come in the order of the commands; those that were not sent come when they come. Refused by a
  // subscriber.
  void send(std::span<const std::string_view> words, AnswerFn answer);

  [[nodiscard]] bool is_up() const noexcept;
  // Whom it is connected to, or tries to be: "10.0.0.7:6379"; empty when it rests.
  [[nodiscard]] std::string peer() const;
  [[nodiscard]] std::size_t outstanding() const noexcept;
  [[nodiscard]] const RedisLinkCounts& counts() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace limpet::sharing
