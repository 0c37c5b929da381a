#include "console/progress.h"

#include <algorithm>

#include "console/show.h"

namespace limpet::console {

std::string drain_progress(const Json& drain) {
  const Json& eta = field(drain, "eta_s");
  const bool is_going = eta.is_number() && number(drain, "remaining") > 0 && !is_true(drain, "resting");
  std::string line = is_going ? "about " + show_seconds(eta) + ": " : "";
  line +=
      show(drain, "remaining") + " left, " + show(drain, "told") + " told, " + show(drain, "cut") + " cut";
  if (is_true(drain, "resting")) {
    return line + "; resting: no other backend could take the clients";
  }
  line += ", " + show(drain, "rate");
  return line + (is_true(drain, "slowed") ? ", slowed: the other backends are in distress" : "");
}

void UpgradeProgress::take(double sessions, double at) {
  constexpr double kWeightOfNew = 0.3;
  if (first_at_ && at > last_at_) {
    const double now = std::max(0.0, sessions_ - sessions) / (at - last_at_);
    rate_ = last_at_ > *first_at_ ? rate_ + kWeightOfNew * (now - rate_) : now;
  }
  first_at_ = first_at_.value_or(at);
  last_at_ = at;
  sessions_ = sessions;
}

std::string UpgradeProgress::plain() const {
  return show(Json(static_cast<std::uint64_t>(sessions_))) + " sessions left in the old process";
}

std::string UpgradeProgress::line() const {
  constexpr double kLeastRate = 0.01;
  return rate_ > kLeastRate
             ? plain() + ", " + show_short(rate_) + "/s, about " + show_seconds(sessions_ / rate_)
             : plain();
}

}  // namespace limpet::console
