// Connection: one client of the admin endpoint. Reads a request, answers it, reads the next; nothing is read
// while an answer is under way, so that pipelined requests wait in order. Owned by the Endpoint; freed at the
// end of the turn in which it closed. Control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "admin/answer.h"
#include "admin/event_stream.h"
#include "admin/request_reader.h"
#include "admin/source.h"
#include "base/clock.h"
#include "net/deadlines.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/stream.h"

namespace limpet::admin {

class Connection;

// What clients of the endpoint may take. It asks little of a client that means well, so that these are no
// keys.
struct Bounds {
  // Clients at once. One more takes the place of the one that has been waited for the longest, and is
  // answered 503 where there is none.
  std::size_t connections = 64;
  // Of them, streams: pages that are looked at. One more is answered 503.
  std::size_t streams = 16;
  // For a request from its first to its last byte, for the next request, for an answer to be taken.
  Duration patience = std::chrono::seconds(10);
  // A client that is being closed may still send for so long, so that no reset overtakes its answer.
  Duration linger = std::chrono::seconds(2);
};

class ConnectionOwner {
 public:
  // Frees `connection` at the end of the turn.
  virtual void retire(Connection& connection) = 0;
  [[nodiscard]] virtual bool has_room_for_stream() const = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : public net::Disposable,
                         private net::StreamEvents,
                         private net::DeadlineOwner,
                         private SessionsWaiter,
                         private UpgradeWaiter,
                         private PublishWaiter,
                         private ForecastWaiter {
 public:
  // What every connection of an endpoint shares; all outlive it.
  struct Parts {
    net::Loop& loop;
    const Access& access;
    const Bounds& bounds;
    Source& source;
    ConnectionOwner& owner;
    StreamTexts& texts;
  };

  Connection(const Parts& parts, net::StreamPtr stream);
  ~Connection() override;

  // Answers and closes, whatever was under way.
  void refuse(const Refusal& refusal);
  void close_now();
  // Closes what is idle at once, else behind the answer that is under way.
  void leave();

  // It is the client's turn: to send a request or the rest of one, to take an answer, or to go.
  [[nodiscard]] bool awaits_client() const noexcept { return state_ != State::Waiting; }
  [[nodiscard]] bool is_streaming() const noexcept { return state_ == State::Streaming; }
  // When the present wait began; bytes that trickle in do not begin a new one.
  [[nodiscard]] Instant since() const noexcept { return since_; }

  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

 private:
  enum class State : std::uint8_t {
    Reading,    // a request, or the client is idle
    Waiting,    // the source has been asked
    Streaming,  // the client is told what changes, until it goes
    Closing,    // the last answer is given; the client's end is awaited
  };

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_deadline() override;
  void on_sessions(OrRefusal<SessionPage> page) override;
  void on_ended(OrRefusal<EndedSession> ended) override;
  void on_upgrade(const OrRefusal<UpgradeInfo>& upgrade) override;
  void on_published(const OrRefusal<PublishInfo>& published) override;
  void on_forecast(const OrRefusal<ForecastInfo>& forecast) override;
  void on_source_answer(const Answer& answer);

  void serve();
  [[nodiscard]] bool step();
  void dispatch();
  void begin_stream(const StreamQuery& seen);
  void go_on_streaming();
  void await_round();
  void finish(const Answer& answer, bool keep_alive);
  void send(std::string_view bytes);
  void close_gently();
  void stop_waiting();
  void update_watch();
  void arm(Duration wait);
  [[nodiscard]] bool is_open() const noexcept { return stream_ != nullptr; }

  Parts parts_;
  net::StreamPtr stream_;  // null once closed
  net::Outbox out_;
  net::Deadline deadline_;
  RequestReader reader_;
  std::optional<EventStream> events_;  // while Streaming
  Instant since_;
  std::uint32_t slot_ = 0;
  State state_ = State::Reading;
  bool is_serving_ = false;  // serve() is on the stack
  bool is_leaving_ = false;  // the answer under way is the last
};

}  // namespace limpet::admin
