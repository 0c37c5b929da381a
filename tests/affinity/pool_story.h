// PoolStory: one pool, one client, one table and a clock, with verbs for the tests of identify() and
// decide().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/decide.h"
#include "tests/affinity/pool_fixture.h"

namespace limpet::affinity {

class PoolStory {
 public:
  static constexpr PoolId kPool = 3;

  // Three backends b1, b2, b3; affinity by client address, hash balance, no load bound.
  PoolStory() : set_(make_backends(3)) {
    pool.id = kPool;
    pool.name = "chat";
    pool.rule.by = settings::AffinityBy::ClientIp;
    pool.rule.balance = settings::Balance::Hash;
    pool.rule.load_factor = 0;
    crypto::Key key{};
    key.fill(1);
    pool.codec = std::make_shared<const CookieCodec>(std::vector<crypto::Key>{key});
    pool.backends = backends::BackendSet(set_);
  }

  // Backends by number, counted from 1.
  [[nodiscard]] const backends::Backend& backend(backends::BackendId id) const {
    return *pool.backends.by_id(id);
  }
  [[nodiscard]] backends::BackendState& state(backends::BackendId id) const { return *backend(id).state; }
  void limit_sessions(backends::BackendId id, std::uint32_t most) {
    set_[id - 1].spec.max_sessions = most;
    pool.backends = backends::BackendSet(set_);
  }
  void remove(backends::BackendId id) {
    std::erase_if(set_, [&](const backends::Backend& backend) { return backend.id == id; });
    pool.backends = backends::BackendSet(set_);
  }
  // The backend of the walk at that place, counted from 0.
  [[nodiscard]] const backends::Backend* in_walk(const Key& key, int place) const {
    Walk walk(pool.backends, key.hash);
    const backends::Backend* backend = walk.next();
    for (int i = 0; i < place; ++i) {
      backend = walk.next();
    }
    return backend;
  }

  // The client sends a Cookie field with these pairs from now on.
  void send_cookie(std::string field_value) {
    cookie_field_ = std::move(field_value);
    head_.fields.clear();
    head_.fields.add({.name = "Cookie", .value = cookie_field_});
  }
  [[nodiscard]] std::string cookie_value(std::uint64_t backend_name_hash,
                                         std::string_view pool_name = "chat") const {
    return pool.codec->encode(
        {.key_text = "00000000000000aa", .backend_name_hash = backend_name_hash, .issued = wall_now},
        pool_name);
  }
  void bring_cookie_for(std::uint64_t backend_name_hash) {
    pool.rule.by = settings::AffinityBy::Cookie;
    send_cookie("limpet=" + cookie_value(backend_name_hash));
  }
  void bring_cookie_for_backend(backends::BackendId id) { bring_cookie_for(backend(id).name_hash); }

  [[nodiscard]] Request request() const {
    return {
        .client = {.address = address, .request = head_}, .now = now, .wall_now = wall_now, .random = random};
  }
  [[nodiscard]] Identity who() const { return identify(pool, request()); }
  [[nodiscard]] Decision decide_now() { return decide_for(who()); }
  [[nodiscard]] Decision decide_for(const Identity& identity) {
    trace.clear();
    return decide(pool, identity, request(), table, {.tried = tried, .trace = &trace});
  }

  // A request of the client came and went on that backend, `ago` before now.
  void was_at(backends::BackendId id, PinReason reason = PinReason::Hash, Duration ago = Duration(0)) {
    const Key key = *who().key;
    table.open_session(kPool, key, {.backend = id, .reason = reason}, pool.rule.ttl, now - ago);
    table.close_session(kPool, key, now - ago);
  }
  void set_by_hand(backends::BackendId id) { table.set_by_hand(kPool, *who().key, id, pool.rule.ttl, now); }

  // "step backend verdict; step backend verdict; ..."
  [[nodiscard]] std::string story() const {
    std::string text;
    for (const TraceStep& step : trace) {
      text += step.step + " " + (step.backend.empty() ? "-" : step.backend) + " " + step.verdict + "; ";
    }
    return text;
  }

  PoolView pool;
  AffinityTable table{1000};
  IpAddress address = IpAddress::from_v4({10, 0, 0, 7});
  Instant now{std::chrono::hours(100)};
  WallTime wall_now{std::chrono::hours(500'000)};
  std::uint64_t random = 1;
  std::vector<backends::BackendId> tried;
  std::vector<TraceStep> trace;

 private:
  std::vector<backends::Backend> set_;
  std::string cookie_field_;  // head_ points into it
  http::RequestHead head_;
};

}  // namespace limpet::affinity
