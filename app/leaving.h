// Leaving: backends that were removed while limpet runs. They stay in their pools until their last session
// has gone. Values alone. Control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::app {

// A pool with everybody who still stands in it.
struct StandingPool {
  settings::Pool pool;      // those of the settings first, then those that are leaving
  std::size_t staying = 0;  // so many of them are of the settings
  bool is_leaving = false;  // the pool itself was removed
};

class Leaving {
 public:
  // A backend is not forgotten before: a worker that has not heard yet may still be giving it a client.
  static constexpr Duration kShortestStay = std::chrono::seconds(1);

  // Whoever `before` has and `after` has not leaves; who is leaving and stands in `after` has come back.
  void update(const settings::Settings& before, const settings::Settings& after, Instant now);
  // Forgets those for whom `has_gone(pool, backend)` holds, and who have been leaving for long enough. True
  // when there was one.
  bool forget_where(Instant now,
                    const std::function<bool(const std::string& pool, const std::string& backend)>& has_gone);

  [[nodiscard]] bool empty() const noexcept { return pools_.empty(); }
  [[nodiscard]] std::vector<StandingPool> stand(const settings::Settings& settings) const;

 private:
  struct Member {
    settings::Backend backend;
    Instant since;
  };
  struct Members {
    settings::Pool pool;  // as it was; its backends are below
    std::vector<Member> members;
  };
  Members& members_of(const settings::Pool& pool);
  void leave(const settings::Pool& pool, const settings::Backend& backend, Instant now);

  std::vector<Members> pools_;  // none without members
};

}  // namespace limpet::app
