// BodyPace: whether a request body makes progress. A byte now and then is none: in each window of
// `timeouts.body` it must come at kLeastBytesASecond, or a client could hold a backend with one request for
// hours. Time that the backend kept the client waiting does not count against it. Pure. Worker.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace limpet::proxy {

class BodyPace {
 public:
  // A modem is 50 times faster.
  static constexpr std::int64_t kLeastBytesASecond = 100;

  void begin_window(Instant now) noexcept {
    began_ = now;
    bytes_ = 0;
  }
  void add(std::size_t bytes) noexcept { bytes_ += static_cast<std::int64_t>(bytes); }

  [[nodiscard]] Instant began() const noexcept { return began_; }
  // To be asked when the window is over.
  [[nodiscard]] bool is_progress(Duration window) const noexcept {
    return bytes_ * Duration::period::den >= kLeastBytesASecond * window.count();
  }

 private:
  Instant began_{};
  std::int64_t bytes_ = 0;
};

}  // namespace limpet::proxy
