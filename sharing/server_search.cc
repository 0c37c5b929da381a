#include "sharing/server_search.h"

#include <utility>

namespace limpet::sharing {

ServerSearch::ServerSearch(const RedisNet& net, const RedisLinkOptions& options, SearchOwner& owner)
    : net_(net), options_(options), owner_(owner) {
  if (options.url.tls) {
    tls_.emplace(options.tls, options.tls_counts);
  }
}

void ServerSearch::start() {
  failure_.reset();
  asked_ = 0;
  named_by_ = first_;
  if (node_) {
    dial(*node_, false);
  } else if (options_.url.is_sentinel()) {
    ask_next();
  } else {
    dial(options_.url.servers.front(), false);
  }
}

void ServerSearch::cancel() noexcept {
  if (dial_ != nullptr) {
    dial_->cancel();
    net_.loop.bury(std::move(dial_));
  }
}

void ServerSearch::ask_next() {
  const auto& sentinels = options_.url.servers;
  if (asked_ == sentinels.size()) {
    fail();
    return;
  }
  const Endpoint& sentinel = sentinels[(first_ + asked_) % sentinels.size()];
  ++asked_;
  dial(sentinel, true);
}

void ServerSearch::dial(const Endpoint& endpoint, bool as_sentinel) {
  asks_sentinel_ = as_sentinel;
  target_ = endpoint;
  const RedisLinkOptions& options = options_;
  auto make_opening = [&options, as_sentinel] {
    return as_sentinel ? make_sentinel_opening(options.url)
                       : make_server_opening(options.url, options.channels);
  };
  dial_ = std::make_unique<Dial>(net_, tls_ ? &*tls_ : nullptr, *this,
                                 DialWish{endpoint, options.open_timeout, std::move(make_opening)});
  dial_->start();
}

void ServerSearch::on_dialed(std::unique_ptr<RedisConnection> connection) {
  net_.loop.bury(std::move(dial_));
  if (!asks_sentinel_) {
    first_ = named_by_;
    owner_.on_found(std::move(connection));
    return;
  }
  const Endpoint master = connection->opening().found().value_or(Endpoint{});
  connection->close();
  net_.loop.bury(std::move(connection));
  named_by_ = (first_ + asked_ - 1) % options_.url.servers.size();
  dial(master, false);
}

void ServerSearch::on_dial_failed(const RedisFailure& failure) {
  net_.loop.bury(std::move(dial_));
  note(failure);
  if (node_ || !options_.url.is_sentinel()) {
    node_.reset();
    fail();
    return;
  }
  ask_next();
}

// That there is no master is worth more than that one of the Sentinels is away as well.
void ServerSearch::note(const RedisFailure& failure) {
  if (!failure_ || failure_->fault != RedisFault::NoMaster) {
    failure_ = failure;
  }
}

void ServerSearch::fail() {
  owner_.on_not_found(*failure_);
}

}  // namespace limpet::sharing
