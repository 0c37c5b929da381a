// PinWait: an exchange's question about a pin, while its answer is awaited. Forgets the question when it is
// destroyed: an answer that comes then finds nobody. Worker.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

namespace limpet::proxy {

class PinWaiter {
 public:
  // May destroy the waiter.
  virtual void on_pin_answer(bool is_settled) = 0;

 protected:
  ~PinWaiter() = default;
};

// All questions of one worker.
class PinWaits {
 public:
  [[nodiscard]] std::uint64_t add(PinWaiter& waiter) {
    waiters_.emplace(++last_, &waiter);
    return last_;
  }
  void forget(std::uint64_t question) noexcept { waiters_.erase(question); }
  void on_answer(std::uint64_t question, bool is_settled) {
    const auto found = waiters_.find(question);
    if (found != waiters_.end()) {
      PinWaiter& waiter = *found->second;
      waiters_.erase(found);
      waiter.on_pin_answer(is_settled);
    }
  }

 private:
  std::unordered_map<std::uint64_t, PinWaiter*> waiters_;
  std::uint64_t last_ = 0;
};

class PinWait {
 public:
  PinWait() = default;
  ~PinWait() { end(); }
  PinWait(const PinWait&) = delete;
  PinWait& operator=(const PinWait&) = delete;

  // Answers the number of the question. Requires that none is under way.
  [[nodiscard]] std::uint64_t begin(PinWaits& waits, PinWaiter& waiter) {
    waits_ = &waits;
    question_ = waits.add(waiter);
    return question_;
  }
  [[nodiscard]] bool is_under_way() const noexcept { return waits_ != nullptr; }
  void end() noexcept {
    if (waits_ != nullptr) {
      std::exchange(waits_, nullptr)->forget(question_);
    }
  }

 private:
  PinWaits* waits_ = nullptr;  // null: nothing is awaited
  std::uint64_t question_ = 0;
};

}  // namespace limpet::proxy
