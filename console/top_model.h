// TopModel: what `limpet top` shows, made from one look at the admin endpoint after the other. TopReader is
// its only maker. Pure: time is an argument. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/backend_state.h"
#include "console/json.h"
#include "console/plan.h"
#include "console/session_sweep.h"
#include "console/warnings.h"

namespace limpet::console {

// One answer of each call, or null.
struct TopAnswers {
  Json status{};
  Json backends{};
  Json events{};          // those that are new
  std::string problem{};  // why answers are missing; empty when none are
};

// Each a second; none before the second look.
struct TopRates {
  double opened = 0;
  double ended = 0;
  double requests = 0;
  double errors = 0;
};

struct TopBackend {
  BackendName whom;   // as the endpoint has it
  std::string label;  // for people: with the pool where there are several
  BackendState state;
  double weight = 1;
  double sessions = 0;
  std::optional<double> requests_per_s;
  std::optional<double> failures_per_s;
  std::string detail;  // of the drain or the probe
};

struct TopEvent {
  std::string time;  // of the day, UTC
  std::string sentence;
};

struct TopModel {
  Json status;
  Json backend_answer;
  std::string problem;  // of the latest look: what is shown is older
  std::optional<TopRates> rates;
  std::vector<Warning> warnings;
  std::vector<TopBackend> backends;    // in the order of the answer
  std::vector<TopSession> sessions;    // the worst, in no order
  std::size_t sessions_looked_at = 0;  // of this way through all of them
  std::vector<TopEvent> events;        // the newest first, a bounded number
};

class TopReader {
 public:
  // `at`: seconds of a clock that goes steadily.
  void take(const TopAnswers& answers, double at);
  // A page of GET /v1/sessions; an answer without one begins anew.
  void take_sessions(const Json& page);
  // Only sessions with these words count from now on.
  void filter_sessions(const std::string& words);

  [[nodiscard]] const TopModel& model() const noexcept { return model_; }
  // What to ask GET /v1/events and GET /v1/sessions for.
  [[nodiscard]] std::uint64_t last_event() const noexcept { return last_event_; }
  [[nodiscard]] const std::string& session_cursor() const noexcept { return sweep_.cursor(); }

 private:
  struct Counts {
    double requests = 0;
    double failures = 0;
  };

  void take_backends(const Json& answer, double seconds);
  void take_events(const Json& answer);

  TopModel model_;
  SessionSweep sweep_;
  std::optional<double> looked_at_;  // when the answers in model_ came
  std::map<std::string, Counts> counts_;
  std::uint64_t last_event_ = 0;
};

}  // namespace limpet::console
