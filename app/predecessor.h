// Predecessor: the process that this one follows, seen from here (app/handover_message.h). At first its words
// are waited for, as nothing else is to be done; once this process serves, they are events of the loop.
// Owned by the Server. Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "affinity/pin_transfer.h"
#include "app/handover_link.h"
#include "app/handover_message.h"
#include "app/inherited_sockets.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/uv_loop.h"

namespace limpet::app {

class Predecessor final : private HandoverLink::Events {
 public:
  // How long each of its words is waited for.
  static constexpr Duration kPatience = std::chrono::seconds(30);

  struct Offer {
    std::uint32_t pid = 0;
    InheritedSockets listeners;
    InheritedSockets admin;
    std::vector<BackendWord> backends;
    std::string ticket_keys;
    std::string pin_file;  // empty: it had none, or not its lock
    net::Fd pin_lock;
  };

  // `socket`: line_to_predecessor().
  explicit Predecessor(net::Fd socket);
  ~Predecessor();
  Predecessor(const Predecessor&) = delete;
  Predecessor& operator=(const Predecessor&) = delete;

  // In this order, each waiting. Any error is the end: fail() tells it to the other one.
  [[nodiscard]] Result<Offer> receive_offer();
  // All that one dump has.
  using MakeRestore = std::function<affinity::PinRestore()>;
  [[nodiscard]] Result<affinity::PinRestore::Counts> receive_pins(const MakeRestore& make_restore);
  void ready() { say(Ready{}); }
  [[nodiscard]] Result<bool> await_go();

  // Instead of ready(), or of serving().
  void fail(const std::string& detail) { say(Failed{detail}); }

  // From now on it drains, and is heard on the loop: `make_restore` for the pins that change there, until
  // `on_gone`. The loop outlives the predecessor.
  void serving(net::UvLoop& loop, MakeRestore make_restore, std::function<void()> on_gone);

  [[nodiscard]] std::uint32_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_; }
  // Until it has ended.
  [[nodiscard]] bool is_here() const noexcept { return link_ != nullptr; }

 private:
  [[nodiscard]] Result<HandoverMessage> receive(std::vector<net::Fd>& descriptors);
  void say(const HandoverMessage& message);
  [[nodiscard]] Result<bool> take_offer(Offer& offer, const HandoverMessage& message,
                                        std::vector<net::Fd> descriptors);
  // True: that was the end of a dump.
  [[nodiscard]] Result<bool> take_pins(const std::string& bytes, const MakeRestore& make_restore);

  void on_message(const HandoverMessage& message) override;
  void on_room() override {}
  void on_ended(const std::string& detail) override;

  // A dump that is being taken in.
  struct Taking {
    affinity::PinReader reader;
    affinity::PinRestore restore;
  };

  net::Fd socket_;  // until serving()
  std::uint32_t pid_ = 0;
  std::uint64_t sessions_ = 0;
  affinity::PinRestore::Counts counts_;  // of the last dump
  std::unique_ptr<Taking> taking_;       // null between two dumps
  net::UvLoop* loop_ = nullptr;          // set by serving()
  std::unique_ptr<HandoverLink> link_;   // likewise; null again when it has gone
  MakeRestore make_restore_;
  std::function<void()> on_gone_;
};

}  // namespace limpet::app
