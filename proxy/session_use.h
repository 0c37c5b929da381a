// What a request or session holds while it is under way: its share of a backend's load and its place in the
// affinity table. Both give back what they hold when they end. Worker.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "affinity/table.h"
#include "backends/backend.h"
#include "base/clock.h"
#include "net/loop.h"

namespace limpet::proxy {

// Counts as one request under way, and as one session from become_session() on.
class BackendUse {
 public:
  BackendUse() = default;
  explicit BackendUse(std::shared_ptr<backends::BackendState> state) noexcept : state_(std::move(state)) {
    add(state_->exchanges, 1);
  }
  ~BackendUse() { end(); }
  BackendUse(BackendUse&& other) noexcept
      : state_(std::move(other.state_)), is_session_(std::exchange(other.is_session_, false)) {}
  BackendUse& operator=(BackendUse&& other) noexcept {
    if (this != &other) {
      end();
      state_ = std::move(other.state_);
      is_session_ = std::exchange(other.is_session_, false);
    }
    return *this;
  }

  // Requires that something is held.
  void become_session() noexcept {
    add(state_->sessions, 1);
    subtract(state_->exchanges, 1);
    is_session_ = true;
  }
  void end() noexcept {
    if (state_ != nullptr) {
      subtract(is_session_ ? state_->sessions : state_->exchanges, 1);
      state_.reset();
    }
  }
  // Null when nothing is held.
  [[nodiscard]] backends::BackendState* state() const noexcept { return state_.get(); }

 private:
  using Cell = std::atomic<std::uint32_t>;
  static void add(Cell& cell, std::uint32_t amount) noexcept {
    cell.fetch_add(amount, std::memory_order_relaxed);
  }
  static void subtract(Cell& cell, std::uint32_t amount) noexcept {
    cell.fetch_sub(amount, std::memory_order_relaxed);
  }

  std::shared_ptr<backends::BackendState> state_;
  bool is_session_ = false;
};

// One session of a key in the affinity table.
class PinUse {
 public:
  PinUse() = default;
  PinUse(affinity::AffinityTable& table, net::Loop& loop, affinity::PoolId pool, affinity::Key key)
      : table_(&table), loop_(&loop), pool_(pool), key_(std::move(key)) {}
  ~PinUse() { end(); }
  PinUse(PinUse&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)),
        loop_(other.loop_),
        pool_(other.pool_),
        key_(std::move(other.key_)) {}
  PinUse& operator=(PinUse&& other) noexcept {
    if (this != &other) {
      end();
      table_ = std::exchange(other.table_, nullptr);
      loop_ = other.loop_;
      pool_ = other.pool_;
      key_ = std::move(other.key_);
    }
    return *this;
  }

  void end(affinity::Ending how = affinity::Ending::Usual) {
    if (table_ != nullptr) {
      std::exchange(table_, nullptr)->close_session(pool_, key_, loop_->now(), how);
    }
  }
  [[nodiscard]] bool is_held() const noexcept { return table_ != nullptr; }
  [[nodiscard]] bool is_of(affinity::PoolId pool, const affinity::Key& key) const noexcept {
    return table_ != nullptr && pool_ == pool && key_.kind == key.kind && key_.text == key.text;
  }
  [[nodiscard]] const std::string& key_text() const noexcept {
    return key_.text;
  }  // empty when nothing was pinned
  [[nodiscard]] std::uint64_t key_hash() const noexcept { return key_.hash; }
  [[nodiscard]] std::string logged_key() const { return affinity::text_for_log(key_.kind, key_.text); }

 private:
  affinity::AffinityTable* table_ = nullptr;  // null = nothing is held
  net::Loop* loop_ = nullptr;
  affinity::PoolId pool_ = 0;
  affinity::Key key_;
};

}  // namespace limpet::proxy
