#include "net/deadlines.h"

#include <algorithm>

namespace limpet::net {

void Deadline::disarm() noexcept {
  if (links_.next == nullptr) {
    return;
  }
  links_.prev->next = links_.next;
  links_.next->prev = links_.prev;
  links_.prev = nullptr;
  links_.next = nullptr;
}

Deadlines::Deadlines(Instant now) noexcept : swept_(now) {
  for (Links& slot : slots_) {
    slot.prev = &slot;
    slot.next = &slot;
  }
}

Deadlines::Links& Deadlines::slot_of(Instant due) noexcept {
  const auto ticks = static_cast<std::size_t>(due.time_since_epoch() / kTick);
  return slots_[ticks % kSlots];
}

void Deadlines::link(Links& head, Links& node) noexcept {
  node.prev = head.prev;
  node.next = &head;
  head.prev->next = &node;
  head.prev = &node;
}

void Deadlines::arm(Deadline& deadline, Instant due) noexcept {
  deadline.disarm();
  // What is due already goes into the slot that is swept next, not a whole turn of the wheel later.
  deadline.due_ = std::max(due, swept_ + kTick);
  deadline.links_.self = &deadline;
  link(slot_of(deadline.due_), deadline.links_);
}

void Deadlines::sweep(Instant now) {
  // After a long pause every slot is looked at once, not once for each turn that was missed.
  const Instant first = std::max(swept_, now - kTick * static_cast<int>(kSlots));
  const auto begin = first.time_since_epoch() / kTick;
  const auto end = now.time_since_epoch() / kTick;
  swept_ = now;
  for (auto tick = begin; tick <= end; ++tick) {
    sweep_slot(slots_[static_cast<std::size_t>(tick) % kSlots], now);
  }
}

void Deadlines::sweep_slot(Links& slot, Instant now) {
  if (slot.next == &slot) {
    return;
  }
  // The whole slot moves to a list of its own first: owners may change the slot while they are called.
  Links waiting;
  waiting.next = slot.next;
  waiting.prev = slot.prev;
  waiting.next->prev = &waiting;
  waiting.prev->next = &waiting;
  slot.next = &slot;
  slot.prev = &slot;
  while (waiting.next != &waiting) {
    Deadline& deadline = *waiting.next->self;
    deadline.disarm();
    if (deadline.due_ <= now) {
      deadline.owner_->on_deadline();
    } else {
      link(slot, deadline.links_);
    }
  }
}

}  // namespace limpet::net
