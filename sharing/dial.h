// Dial: reaches one server by name or address: looks the name up, tries every address in turn, says the
// opening. Owned by the link, which buries it. Control.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "net/loop.h"
#include "sharing/redis_connection.h"
#include "sharing/redis_link.h"
#include "sharing/redis_tls.h"

namespace limpet::sharing {

// The dial is on the stack in each of these: bury it.
class DialOwner {
 public:
  virtual void on_dialed(std::unique_ptr<RedisConnection> connection) = 0;
  // Of the last address; of the first one that is another fault than Refused or Timeout: a wrong password is
  // worth more to know than a second address that nobody listens on.
  virtual void on_dial_failed(const RedisFailure& failure) = 0;

 protected:
  ~DialOwner() = default;
};

struct DialWish {
  Endpoint endpoint;
  Duration patience;                                       // for each address, and for the name
  std::function<std::unique_ptr<Opening>()> make_opening;  // a new one for each
};

class Dial final : public net::Disposable, public net::DeadlineOwner, public RedisConnectionOwner {
 public:
  // `tls` null = in plain text; both outlive it.
  Dial(const RedisNet& net, RedisTls* tls, DialOwner& owner, DialWish wish);
  ~Dial() override { cancel(); }

  // May tell its owner from inside.
  void start();
  // Nothing is told any more.
  void cancel() noexcept;
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return wish_.endpoint; }

  void on_deadline() override;  // of the name

 private:
  void on_resolved(const net::Resolved& resolved);
  void try_next();
  void note(RedisFailure failure);
  void fail();

  void on_connection_open() override;
  void on_connection_reply(const Reply&) override {}
  void on_connection_lost(const RedisFailure& failure) override;

  RedisNet net_;
  RedisTls* tls_;
  DialOwner& owner_;
  DialWish wish_;
  net::Deadline deadline_{*this};
  std::shared_ptr<Dial*> self_;  // what an answer of the resolver asks whether there is still a dial
  std::vector<SocketAddress> addresses_;
  std::size_t tried_ = 0;                        // of those
  std::unique_ptr<RedisConnection> connection_;  // null between two addresses
  std::optional<RedisFailure> failure_;          // the one to be told
};

}  // namespace limpet::sharing
