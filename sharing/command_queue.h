// CommandQueue: whose answer is awaited, in the order of the commands. One that is late is told so once, and
// its place is kept for the answer that still comes. Pure but for the calls. One thread.
//
//   front  [told][told][waits][waits]  back      the told ones stand in front: all wait equally long
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "sharing/redis_link.h"

namespace limpet::sharing {

class CommandQueue {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

  // `answer` null = nobody asks. Requires that `due` is not earlier than those before.
  void push(AnswerFn answer, Instant due) { waiting_.push_back({std::move(answer), due}); }
  // When the next one is late; only while there is one that has not been told.
  [[nodiscard]] bool has_due() const noexcept { return told_ < waiting_.size(); }
  [[nodiscard]] Instant due() const noexcept { return waiting_[told_].due; }

  // The due time of the oldest, told or not. Requires that it is not empty.
  [[nodiscard]] Instant oldest_due() const noexcept { return waiting_.front().due; }

  // The one that an answer is for: null when it was told already, or nobody asks. Requires that it is not
  // empty.
  [[nodiscard]] AnswerFn take_front();
  // The next one that is late at `now`, to be told by the caller.
  [[nodiscard]] std::optional<AnswerFn> take_late(Instant now);
  // All that are still to be told, in order.
  [[nodiscard]] std::deque<AnswerFn> take_all();

 private:
  struct Waiting {
    AnswerFn answer;  // null once told
    Instant due;
  };
  std::deque<Waiting> waiting_;
  std::size_t told_ = 0;  // of those in front
};

}  // namespace limpet::sharing
