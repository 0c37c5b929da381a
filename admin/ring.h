// Ring: the newest values of a series, each with a number: the first ever added is 1, and none is given
// twice. Its memory is bounded, and taken as it fills. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace limpet::admin {

template <typename Value, std::size_t kMost>
class Ring {
 public:
  void add(Value value) {
    if (values_.size() < kMost) {
      values_.push_back(std::move(value));
    } else {
      values_[last_ % kMost] = std::move(value);
    }
    ++last_;
  }

  // Of the newest; 0 = there was none.
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
  // Of the oldest that is kept; last() + 1 when there is none.
  [[nodiscard]] std::uint64_t first() const noexcept { return last_ - values_.size() + 1; }
  // Of the oldest that somebody has not seen who knows all up to `seen`. Who knows more than there was has
  // seen another process: all are new.
  [[nodiscard]] std::uint64_t first_after(std::uint64_t seen) const noexcept {
    return seen < first() || seen > last_ ? first() : seen + 1;
  }
  // Requires first() <= number <= last().
  [[nodiscard]] const Value& at(std::uint64_t number) const noexcept { return values_[(number - 1) % kMost]; }

 private:
  std::vector<Value> values_;
  std::uint64_t last_ = 0;
};

}  // namespace limpet::admin
