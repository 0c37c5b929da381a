// BodyPace: whether a body makes progress. A byte now and then is none, or a client could hold a backend with
// one request for hours: what has come since the last progress must have come at kLeastBytesASecond. Pure.
// Worker.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace limpet::proxy {

class BodyPace {
 public:
  // A modem is 50 times faster.
  static constexpr std::int64_t kLeastBytesASecond = 100;

  // Whatever came before does not count: a wait begins.
  void restart(Instant now) noexcept {
    last_ = now;
    bytes_ = 0;
  }
  // So many bytes more. True when that is progress; then it counts from here on.
  bool add(std::size_t bytes, Instant now) noexcept {
    bytes_ += static_cast<std::int64_t>(bytes);
    if (bytes == 0 || bytes_ * Duration::period::den < kLeastBytesASecond * (now - last_).count()) {
      return false;
    }
    restart(now);
    return true;
  }
  [[nodiscard]] Instant last_progress() const noexcept { return last_; }

 private:
  Instant last_{};
  std::int64_t bytes_ = 0;
};

}  // namespace limpet::proxy
