// Connection: one client of the admin endpoint. Reads a request, answers it, reads the next; nothing is read
// while an answer is under way, so that pipelined requests wait in order. Owned by the Endpoint; freed at the
// end of the turn in which it closed. Control thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "admin/answer.h"
#include "admin/request_reader.h"
#include "admin/source.h"
#include "base/address.h"
#include "net/deadlines.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/stream.h"

namespace limpet::admin {

class Connection;

class ConnectionOwner {
 public:
  // Frees `connection` at the end of the turn.
  virtual void retire(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : public net::Disposable,
                         private net::StreamEvents,
                         private net::DeadlineOwner,
                         private SessionsWaiter {
 public:
  // What every connection of an endpoint shares; all outlive it.
  struct Parts {
    net::Loop& loop;
    const SocketAddress& bound;
    Source& source;
    ConnectionOwner& owner;
  };

  Connection(const Parts& parts, net::StreamPtr stream);
  ~Connection() override;

  // Answers and closes, whatever was under way.
  void refuse(const Refusal& refusal);
  void close_now();

  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

 private:
  enum class State : std::uint8_t {
    Reading,  // a request, or the client is idle
    Waiting,  // the source has been asked
    Closing,  // the last answer is given; the client's end is awaited
  };

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_deadline() override;
  void on_sessions(OrRefusal<SessionPage> page) override;

  void serve();
  [[nodiscard]] bool step();
  void dispatch();
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
  std::uint32_t slot_ = 0;
  State state_ = State::Reading;
  bool is_serving_ = false;  // serve() is on the stack
};

}  // namespace limpet::admin
