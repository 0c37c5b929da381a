// SlotList: owns objects in numbered slots: adding and removing take no search, and the list can be read in
// slices while it changes between them. T has slot() and set_slot(). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace limpet {

template <typename T>
class SlotList {
 public:
  T& add(std::unique_ptr<T> object) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    object->set_slot(slot);
    slots_[slot] = std::move(object);
    return *slots_[slot];
  }

  // Requires that `object` is in the list. Gives it back.
  [[nodiscard]] std::unique_ptr<T> remove(const T& object) {
    free_.push_back(object.slot());
    return std::move(slots_[object.slot()]);
  }

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size() - free_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  // Slots in use or free; positions of a slice run up to here.
  [[nodiscard]] std::size_t slots() const noexcept { return slots_.size(); }
  // nullptr for a free slot.
  [[nodiscard]] T* at(std::size_t slot) const noexcept { return slots_[slot].get(); }

  // `visit(T&)` may remove any object and add new ones.
  template <typename Visit>
  void for_each(Visit visit) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot] != nullptr) {
        visit(*slots_[slot]);
      }
    }
  }

 private:
  std::vector<std::unique_ptr<T>> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace limpet
