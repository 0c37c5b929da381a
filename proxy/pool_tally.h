// PoolTally: what one worker has counted of one pool. PoolTallies: of all its pools; they stay when their
// pool is gone, as its number does. Written by the worker, read by any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "affinity/decide.h"
#include "backends/traffic.h"
#include "base/frame_tally.h"
#include "base/wait_tally.h"
#include "websocket/close_tally.h"

namespace limpet::proxy {

struct PoolCounts {
  SizeTally from_client;
  SizeTally from_backend;
  backends::HandshakeTally handshakes;  // each as its client saw it
  WaitTally opening;                    // from the request to the 101
  WaitTally first_byte;                 // of HTTP, from the request to the begin of the answer
  websocket::CloseTally closes;
  Tallies<affinity::kGroundCount> decisions;             // one an attempt, by what it was founded on
  Tallies<affinity::kCookieFaultCount> cookies_refused;  // one a request
  Tally reconnects;                                      // sessions of a key that had one a moment before

  void add(const PoolCounts& more) noexcept {
    from_client.add(more.from_client);
    from_backend.add(more.from_backend);
    handshakes.add(more.handshakes);
    opening.add(more.opening);
    first_byte.add(more.first_byte);
    closes.add(more.closes);
    limpet::add(decisions, more.decisions);
    limpet::add(cookies_refused, more.cookies_refused);
    reconnects.add(more.reconnects);
  }
};

class PoolTallies {
 public:
  // The worker.
  [[nodiscard]] PoolCounts& of(affinity::PoolId pool) {
    if (pool >= own_.size()) {
      own_.resize(pool + std::size_t{1});
    }
    if (own_[pool] == nullptr) {
      own_[pool] = std::make_unique<Node>(pool, newest_.load(std::memory_order_relaxed));
      newest_.store(own_[pool].get(), std::memory_order_release);  // whoever finds it finds it complete
    }
    return own_[pool]->counts;
  }

  // Any thread: visit(pool, counts).
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const Node* node = newest_.load(std::memory_order_acquire); node != nullptr; node = node->older) {
      visit(node->pool, node->counts);
    }
  }

 private:
  struct Node {
    Node(affinity::PoolId number, const Node* before) noexcept : pool(number), older(before) {}

    affinity::PoolId pool;
    const Node* older;  // made before it
    PoolCounts counts;
  };

  std::vector<std::unique_ptr<Node>> own_;  // by pool; touched by the worker alone
  std::atomic<const Node*> newest_{nullptr};
};

}  // namespace limpet::proxy
