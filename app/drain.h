// Drain: one backend whose sessions are sent away: the order, what each worker has said of it last, and what
// follows from that. DrainControl owns it and asks the workers. Pure; time is an argument. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/decide.h"
#include "backends/backend.h"
#include "base/clock.h"
#include "base/close_reason.h"
#include "base/log.h"
#include "proxy/send_away.h"
#include "settings/settings.h"

namespace limpet::app {

struct DrainOrder {
  CloseReason cause = CloseReason::Drained;
  std::optional<settings::Rate> rate{};  // of this backend alone; none: it shares the pool's
  bool close = true;                     // false: only no new clients
  // Everybody is told by then, the rate goes up as needed; none: the rate rules, however long it takes.
  std::optional<Duration> within{};
  std::optional<Duration> cut_after{};    // what is left then is cut
  std::optional<Instant> silent_since{};  // only sessions that have heard nothing from the backend since then
  std::string_view author{};              // who gave it, static text for the log; empty: nobody in particular
};

struct DrainProgress {
  CloseReason cause = CloseReason::Drained;
  Instant since;
  std::size_t told = 0;
  std::size_t remaining = 0;  // live sessions, those that are leaving included
  std::size_t leaving = 0;    // told, still there
  std::uint64_t cut = 0;
  double per_second = 0;        // now; 0 = no limit
  std::optional<Duration> eta;  // until everybody is told; none while it rests
  bool slowed = false;          // the survivors show distress
  bool rests = false;           // nobody could take the clients in: sessions are left where they are
  bool closes = true;           // false: only no new clients
};

// Before the end of a grace time everybody has been told, so that Close frames are still answered: 3 s
// before, or at the half of a grace time below 6 s.
[[nodiscard]] Duration told_by(Duration grace) noexcept;

class Drain {
 public:
  // What one worker has said last, and what it is being asked.
  struct Share {
    std::uint64_t order = 0;  // under way; 0 = none. Never two at a time
    std::size_t asked = 0;    // to be told by that order
    Instant asked_at = Instant::min();
    bool has_answered = false;  // since the begin, or since somebody came late
    std::size_t waiting = 0;
    std::size_t leaving = 0;
    std::optional<Duration> longest_idle{};
  };

  Drain(const affinity::PoolView& pool, const backends::Backend& backend, const DrainOrder& order,
        std::size_t workers, Instant now);

  [[nodiscard]] const DrainOrder& order() const noexcept { return order_; }
  [[nodiscard]] affinity::PoolId pool() const noexcept { return pool_; }
  [[nodiscard]] const std::string& pool_name() const noexcept { return pool_name_; }
  [[nodiscard]] const std::string& backend_name() const noexcept { return backend_name_; }
  [[nodiscard]] const settings::Drain& rule() const noexcept { return rule_; }
  [[nodiscard]] Instant since() const noexcept { return since_; }
  [[nodiscard]] std::size_t told() const noexcept { return told_; }
  [[nodiscard]] std::uint64_t cut() const noexcept;
  [[nodiscard]] std::vector<Share>& shares() noexcept { return shares_; }
  [[nodiscard]] const std::vector<Share>& shares() const noexcept { return shares_; }

  // Everybody is told by then, if there is such a time.
  [[nodiscard]] std::optional<Instant> told_until() const noexcept;
  [[nodiscard]] bool is_cut_time(Instant now) const noexcept;
  // Waits where nobody could take the clients in: an operator can wait, the death of a backend cannot.
  [[nodiscard]] bool may_rest() const noexcept;
  // Not told yet, as far as is known.
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::size_t leaving() const noexcept;
  // Live sessions.
  [[nodiscard]] std::size_t remaining() const noexcept;
  [[nodiscard]] bool may_have_sessions() const noexcept;

  // How those who share the pace stand.
  struct Pace {
    double per_second = 0;  // 0 = no limit
    bool slowed = false;
    bool rests = false;
    std::size_t sharing = 0;  // who wait for it, this drain included
  };
  [[nodiscard]] DrainProgress progress(const Pace& pace, Instant now) const;

  // How long a session has to leave when it was told.
  [[nodiscard]] Duration grace() const noexcept;

  // The order again, with a later time since when sessions must have been silent.
  void set_silent_since(Instant since) noexcept { order_.silent_since = since; }

  // `untold` of those who were asked to be told by an order of this drain were not.
  struct Answered {
    bool is_mine = false;
    std::size_t untold = 0;
  };
  Answered on_answer(const proxy::SentAway& answer);

  // Nobody is left, and nobody is on his way in.
  [[nodiscard]] bool is_over(Instant now) const noexcept;
  [[nodiscard]] bool was_over() const noexcept { return was_over_; }
  void set_over(bool over) noexcept;

  // A client in the middle of a session (long-polling) loses its backend when the grace time is over, unless
  // the drain rests or closes nothing.
  void end_privilege(Instant now, bool rests) noexcept;
  // The drain does not go on: the flag above is taken back.
  void restore() noexcept;

 private:
  [[nodiscard]] std::size_t sum_of(std::size_t Share::*count) const noexcept;

  DrainOrder order_;
  affinity::PoolId pool_;
  std::string pool_name_;
  std::string backend_name_;
  std::shared_ptr<backends::BackendState> state_;
  settings::Drain rule_;  // as it was at the begin: the pool may go meanwhile
  Instant since_;
  std::uint64_t cut_before_;
  std::size_t told_ = 0;
  bool was_over_ = false;
  std::vector<Share> shares_;  // one a worker
};

// One line when it begins and one when nobody is left. A drain of the whole process and a backend that went
// down are told of elsewhere.
void log_begin(Log& log, const Drain& drain);
void log_end(Log& log, const Drain& drain, Instant now);

}  // namespace limpet::app
