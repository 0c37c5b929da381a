// Deadlines: a coarse timing wheel. Arming and moving a deadline is two list operations; one sweep every
// kTick looks at the slots whose time has come. A deadline fires at most kTick late and never early. Worker
// or control, one thread.
#pragma once

#include <array>
#include <cstddef>

#include "base/clock.h"

namespace limpet::net {

class DeadlineOwner {
 public:
  // The deadline is disarmed when this is called; it may be armed again from within.
  virtual void on_deadline() = 0;

 protected:
  ~DeadlineOwner() = default;
};

// A member of what waits; disarms itself when it is destroyed.
class Deadline {
 public:
  explicit Deadline(DeadlineOwner& owner) noexcept : owner_(&owner) {}
  ~Deadline() { disarm(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void disarm() noexcept;
  // When it fires; only while armed().
  [[nodiscard]] Instant due() const noexcept { return due_; }
  [[nodiscard]] bool armed() const noexcept { return links_.next != nullptr; }

 private:
  friend class Deadlines;
  struct Links {
    Links* prev = nullptr;
    Links* next = nullptr;     // null = not armed
    Deadline* self = nullptr;  // null in the head of a slot
  };
  Links links_;
  Instant due_{};
  DeadlineOwner* owner_;
};

class Deadlines {
 public:
  static constexpr Duration kTick{50};

  explicit Deadlines(Instant now) noexcept;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Arms or moves.
  void arm(Deadline& deadline, Instant due) noexcept;
  // Fires everything due at `now`. Owners may arm and disarm any deadline meanwhile.
  void sweep(Instant now);

 private:
  // 512 slots of 50 ms: waits of up to 25 s are looked at once, longer ones once in 25 s.
  static constexpr std::size_t kSlots = 512;

  using Links = Deadline::Links;
  [[nodiscard]] Links& slot_of(Instant due) noexcept;
  static void link(Links& head, Links& node) noexcept;
  void sweep_slot(Links& slot, Instant now);

  std::array<Links, kSlots> slots_;
  Instant swept_;  // everything due up to here has fired
};

}  // namespace limpet::net
