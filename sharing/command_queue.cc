#include "sharing/command_queue.h"

#include <utility>

namespace limpet::sharing {

AnswerFn CommandQueue::take_front() {
  AnswerFn answer = std::move(waiting_.front().answer);
  waiting_.pop_front();
  if (told_ > 0) {
    --told_;
    return nullptr;
  }
  return answer;
}

std::optional<AnswerFn> CommandQueue::take_late(Instant now) {
  if (!has_due() || due() > now) {
    return std::nullopt;
  }
  AnswerFn answer = std::exchange(waiting_[told_].answer, nullptr);
  ++told_;
  return answer;
}

std::deque<AnswerFn> CommandQueue::take_all() {
  std::deque<AnswerFn> answers;
  for (std::size_t i = told_; i < waiting_.size(); ++i) {
    answers.push_back(std::move(waiting_[i].answer));
  }
  waiting_.clear();
  told_ = 0;
  return answers;
}

}  // namespace limpet::sharing
