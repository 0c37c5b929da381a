#include "app/down_sessions.h"

namespace limpet::app {

std::optional<Instant> silent_since(Instant down_since, Duration close_after, Instant now) noexcept {
  const Instant since = now - close_after;
  return since < down_since ? std::nullopt : std::optional(since);
}

// A name that does not resolve says nothing of the connections that are there.
void DownSessions::on_change(const healthcheck::HealthChange& change) {
  const healthcheck::Target& target = change.target;
  const bool gives_up = change.to == backends::Health::Down && target.backend.address.has_value() &&
                        target.rule.on_down == settings::OnDown::Close;
  if (!gives_up) {
    forget(target.backend.id);
    return;
  }
  down_[target.backend.id] = {.since = change.when, .close_after = target.rule.close_after};
}

void DownSessions::forget(backends::BackendId backend) {
  const auto found = down_.find(backend);
  if (found == down_.end()) {
    return;
  }
  if (found->second.has_begun) {
    sessions_.stop(backend);
  }
  down_.erase(found);
}

void DownSessions::look(Instant now) {
  for (auto& [backend, down] : down_) {
    if (const auto since = silent_since(down.since, down.close_after, now)) {
      down.has_begun = true;
      sessions_.send_away(backend, *since);
    }
  }
}

}  // namespace limpet::app
