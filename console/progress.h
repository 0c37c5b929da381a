// How long work goes on, in one line each look. Pure. One thread.
#pragma once

#include <optional>
#include <string>

#include "console/json.h"

namespace limpet::console {

// Of the `drain` of one backend: "about 2s: 83 left, 120 told, 0 cut, 50/s".
[[nodiscard]] std::string drain_progress(const Json& drain);

// The sessions that are left in a process that was replaced, looked at again and again. The time that is left
// is told by how fast they went lately.
class UpgradeProgress {
 public:
  // `at`: seconds of a clock that goes steadily.
  void take(double sessions, double at);
  // "17 sessions left in the old process".
  [[nodiscard]] std::string plain() const;
  // And, as soon as they are known, the rate and the time that is left.
  [[nodiscard]] std::string line() const;

 private:
  double sessions_ = 0;
  std::optional<double> first_at_;
  double last_at_ = 0;
  double rate_ = 0;  // a second, the latest look counts most
};

}  // namespace limpet::console
