#include "sharing/dial.h"

#include <utility>

namespace limpet::sharing {

Dial::Dial(const RedisNet& net, RedisTls* tls, DialOwner& owner, DialWish wish)
    : net_(net), tls_(tls), owner_(owner), wish_(std::move(wish)), self_(std::make_shared<Dial*>(this)) {}

void Dial::start() {
  if (const auto literal = wish_.endpoint.literal()) {
    addresses_ = {*literal};
    try_next();
    return;
  }
  net_.loop.deadlines().arm(deadline_, net_.loop.now() + wish_.patience);
  net_.names.look_up(wish_.endpoint.host, [self = std::weak_ptr(self_)](const net::Resolved& resolved) {
    if (const auto dial = self.lock()) {
      (*dial)->on_resolved(resolved);
    }
  });
}

void Dial::cancel() noexcept {
  self_.reset();
  deadline_.disarm();
  if (connection_ != nullptr) {
    connection_->close();
    net_.loop.bury(std::move(connection_));
  }
}

void Dial::on_deadline() {
  note({RedisFault::Unresolved, "no answer to the name \"" + wish_.endpoint.host + "\" in time"});
  fail();
}

void Dial::on_resolved(const net::Resolved& resolved) {
  deadline_.disarm();
  if (!resolved.ok() || resolved->empty()) {
    note({RedisFault::Unresolved,
          resolved.ok() ? "\"" + wish_.endpoint.host + "\" has no address" : resolved.error().detail});
    fail();
    return;
  }
  for (const IpAddress& ip : *resolved) {
    addresses_.emplace_back(ip, wish_.endpoint.port);
  }
  try_next();
}

void Dial::try_next() {
  net::TlsClientPtr client;
  if (tls_ != nullptr) {
    auto made = tls_->client_for(wish_.endpoint.host);
    if (auto* const failure = std::get_if<RedisFailure>(&made)) {
      note(std::move(*failure));
      fail();
      return;
    }
    client = std::get<net::TlsClientPtr>(std::move(made));
  }
  while (tried_ < addresses_.size()) {
    const SocketAddress& address = addresses_[tried_++];
    connection_ = std::make_unique<RedisConnection>(net_.loop, *this, wish_.make_opening());
    auto failure = connection_->open(net_.connector, address, client, wish_.patience);
    if (!failure) {
      return;
    }
    net_.loop.bury(std::move(connection_));
    note({failure->fault, address.to_string() + ": " + failure->detail});
  }
  fail();
}

void Dial::note(RedisFailure failure) {
  const auto is_plain = [](RedisFault fault) {
    return fault == RedisFault::Refused || fault == RedisFault::Timeout;
  };
  if (!failure_ || is_plain(failure_->fault)) {
    failure_ = std::move(failure);
  }
}

void Dial::fail() {
  cancel();
  owner_.on_dial_failed(*failure_);
}

void Dial::on_connection_open() {
  self_.reset();
  owner_.on_dialed(std::move(connection_));
}

void Dial::on_connection_lost(const RedisFailure& failure) {
  net_.loop.bury(std::move(connection_));
  note({failure.fault, addresses_[tried_ - 1].to_string() + ": " + failure.detail});
  try_next();
}

}  // namespace limpet::sharing
