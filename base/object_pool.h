// ObjectPool: hands out objects of one type and keeps the memory of those that came back, so that sessions
// that come and go do not go through the allocator. The one place of new and delete. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace limpet {

template <typename T>
class ObjectPool {
 public:
  // Keeps the memory of at most `most_spare` released objects.
  explicit ObjectPool(std::size_t most_spare) : most_spare_(most_spare) { spare_.reserve(most_spare); }
  ~ObjectPool() {
    for (void* const memory : spare_) {
      ::operator delete (memory, std::align_val_t{alignof(T)});
    }
  }
  ObjectPool(const ObjectPool&) = delete;
  ObjectPool& operator=(const ObjectPool&) = delete;

  template <typename... Arguments>
  [[nodiscard]] T* make(Arguments&&... arguments) {
    void* memory = nullptr;
    if (spare_.empty()) {
      memory = ::operator new (sizeof(T), std::align_val_t{alignof(T)});
    } else {
      memory = spare_.back();
      spare_.pop_back();
    }
    return std::construct_at(static_cast<T*>(memory), std::forward<Arguments>(arguments)...);
  }

  void release(T* object) noexcept {
    std::destroy_at(object);
    if (spare_.size() < most_spare_) {
      spare_.push_back(object);
    } else {
      ::operator delete (object, std::align_val_t{alignof(T)});
    }
  }

 private:
  std::size_t most_spare_;
  std::vector<void*> spare_;
};

}  // namespace limpet
