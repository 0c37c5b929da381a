// ServerSearch: from a URL to an open connection with a Redis that serves: directly, or by asking the
// Sentinels one after the other, the one that knew last first, and going to the master that it names. One
// search is one attempt. Owned by the link. Control.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sharing/dial.h"
#include "sharing/redis_link.h"

namespace limpet::sharing {

class SearchOwner {
 public:
  virtual void on_found(std::unique_ptr<RedisConnection> connection) = 0;
  virtual void on_not_found(const RedisFailure& failure) = 0;

 protected:
  ~SearchOwner() = default;
};

class ServerSearch final : public DialOwner {
 public:
  // `options` outlive it.
  ServerSearch(const RedisNet& net, const RedisLinkOptions& options, SearchOwner& owner);
  ~ServerSearch() { cancel(); }

  // May tell its owner from inside. Requires that none is under way.
  void start();
  // Nothing is told any more of the one under way.
  void cancel() noexcept;
  [[nodiscard]] bool is_under_way() const noexcept { return dial_ != nullptr; }
  // The next search goes here, whatever the URL says; when it fails, those after it to the URL again.
  void redirect(Endpoint node) { node_ = std::move(node); }
  // Whom was dialed last.
  [[nodiscard]] const Endpoint& target() const noexcept { return target_; }

 private:
  void ask_next();
  void dial(const Endpoint& endpoint, bool as_sentinel);
  void fail();
  void note(const RedisFailure& failure);

  void on_dialed(std::unique_ptr<RedisConnection> connection) override;
  void on_dial_failed(const RedisFailure& failure) override;

  RedisNet net_;
  const RedisLinkOptions& options_;
  SearchOwner& owner_;
  std::optional<RedisTls> tls_;  // none in plain text
  std::unique_ptr<Dial> dial_;   // null when no search is under way
  Endpoint target_;
  std::optional<Endpoint> node_;
  bool asks_sentinel_ = false;  // the dial under way does
  std::size_t first_ = 0;       // the Sentinel that is asked first
  std::size_t asked_ = 0;       // in this search
  std::size_t named_by_ = 0;    // the Sentinel that has named the master last
  std::optional<RedisFailure> failure_;
};

}  // namespace limpet::sharing
