// HandoverLink: one end of the line between two processes of limpet during an upgrade, on a loop. Messages
// leave as there is room for them. Control thread.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "app/handover_message.h"
#include "net/fd.h"
#include "net/poller.h"
#include "net/uv_loop.h"

namespace limpet::app {

class HandoverLink final : public net::Disposable, private net::Pollable {
 public:
  // Any of them may end the link.
  class Events {
   public:
    virtual void on_message(const HandoverMessage& message) = 0;
    // Everything that was to be said has been said; comes again and again while awaits_room() is set.
    virtual void on_room() = 0;
    // The other process has ended, or said what it may not; comes once, and nothing after it.
    virtual void on_ended(const std::string& detail) = 0;

   protected:
    ~Events() = default;
  };

  // `loop` and `events` outlive the link, which is buried there when it is not needed any more.
  HandoverLink(net::UvLoop& loop, net::Fd socket, Events& events);
  ~HandoverLink() override;

  // The descriptors stay open, with their owner, until they are sent: at most a handover's time.
  void send(const HandoverMessage& message, std::span<const int> descriptors = {});
  void await_room(bool on);
  // Nothing is said or heard from now on.
  void end();

 private:
  struct Queued {
    std::string bytes;
    std::vector<int> descriptors;
  };

  void on_ready(std::uint32_t ready) override;
  void receive_one();
  void flush();
  void update_interest();
  void fail(const std::string& detail);

  net::UvLoop& loop_;
  net::Fd socket_;  // invalid once it has ended
  Events& events_;
  std::deque<Queued> queue_;  // bounded by the configuration: pins are added when there is room alone
  bool awaits_room_ = false;
};

}  // namespace limpet::app
