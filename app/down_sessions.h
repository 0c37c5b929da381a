// DownSessions: which live sessions of a backend that is down are given up, and since when they must have
// been silent. A backend that is merely busy goes on talking to its clients while its probes are late, and
// loses none of them; a session to a dead or frozen one is silent, and its client is sent away to be served
// elsewhere. Says who; the sending, its pace and its words are others' business (SilentSessions). Owned by
// the Server. Time is an argument. Control thread.
#pragma once

#include <unordered_map>

#include "backends/backend.h"
#include "base/clock.h"
#include "healthcheck/monitor.h"

namespace limpet::app {

// Sends sessions away, paced.
class SilentSessions {
 public:
  // Those of `backend` that have heard nothing from it since `silent_since`, because it is down. Called again
  // and again with a later time, for as long as it is down.
  virtual void send_away(backends::BackendId backend, Instant silent_since) = 0;
  // It is back: whoever was not told stays.
  virtual void stop(backends::BackendId backend) = 0;

 protected:
  ~SilentSessions() = default;
};

class DownSessions {
 public:
  // How often look() is to be called.
  static constexpr Duration kLookEvery{500};

  explicit DownSessions(SilentSessions& sessions) noexcept : sessions_(sessions) {}

  void on_change(const healthcheck::HealthChange& change);
  void look(Instant now);

 private:
  struct Down {
    Instant since;
    Duration close_after{};
    bool has_begun = false;
  };

  void forget(backends::BackendId backend);

  SilentSessions& sessions_;
  std::unordered_map<backends::BackendId, Down> down_;  // whose sessions are not kept
};

// The time before which a session of such a backend was heard last when it is to go now; none while it is too
// early. A session has `close_after` from the moment the backend went down, and from each byte it heard
// since.
[[nodiscard]] std::optional<Instant> silent_since(Instant down_since, Duration close_after,
                                                  Instant now) noexcept;

}  // namespace limpet::app
