// Views: the calls of the admin endpoint, one function each: parameters in, JSON out. Names and shapes of the
// JSON are a contract with whoever reads it. Pure but for what the Source does. Control thread.
#pragma once

#include <cstdint>
#include <string>

#include "admin/answer.h"
#include "admin/routes.h"
#include "admin/source.h"

namespace limpet::admin {

// views.cc: the process
[[nodiscard]] Outcome view_health(const Call& call, Source& source);
[[nodiscard]] Outcome view_ready(const Call& call, Source& source);
[[nodiscard]] Outcome view_status(const Call& call, Source& source);
[[nodiscard]] Outcome view_backends(const Call& call, Source& source);

// The same as JSON in one line, for a stream.
[[nodiscard]] std::string status_text(const Source& source);
[[nodiscard]] std::string backends_text(const Source& source);

// metrics_view.cc
[[nodiscard]] Outcome view_metrics(const Call& call, Source& source);
// history_views.cc: the last hour
[[nodiscard]] Outcome view_history(const Call& call, Source& source);
[[nodiscard]] Outcome view_events(const Call& call, Source& source);
// What came after number `since` of them, as JSON in one line.
[[nodiscard]] std::string history_text(const Source& source, std::uint64_t since);
[[nodiscard]] std::string events_text(const Source& source, std::uint64_t since);
// event_stream.cc: status, backends and these, as they change
[[nodiscard]] Outcome view_stream(const Call& call, Source& source);

// dashboard_views.cc: for people
[[nodiscard]] Outcome view_dashboard(const Call& call, Source& source);
[[nodiscard]] Outcome view_dashboard_file(const Call& call, Source& source);
[[nodiscard]] Outcome view_help(const Call& call, Source& source);

// reload_calls.cc: the configuration
[[nodiscard]] Outcome reload(const Call& call, Source& source);
[[nodiscard]] Outcome add_backend(const Call& call, Source& source);
[[nodiscard]] Outcome remove_backend(const Call& call, Source& source);
[[nodiscard]] Outcome set_weight(const Call& call, Source& source);

// affinity_views.cc: the affinity table
[[nodiscard]] Outcome view_pins(const Call& call, Source& source);
[[nodiscard]] Outcome view_pin(const Call& call, Source& source);
[[nodiscard]] Outcome set_pin(const Call& call, Source& source);
[[nodiscard]] Outcome forget_pin(const Call& call, Source& source);

// explain_view.cc
[[nodiscard]] Outcome view_explanation(const Call& call, Source& source);
[[nodiscard]] Answer forecast_answer(const OrRefusal<ForecastInfo>& forecast);

// upgrade_call.cc
[[nodiscard]] Outcome start_upgrade(const Call& call, Source& source);

// publish_call.cc
[[nodiscard]] Outcome publish(const Call& call, Source& source);

// session_views.cc: the live sessions
[[nodiscard]] Outcome view_sessions(const Call& call, Source& source);
[[nodiscard]] Answer sessions_answer(const OrRefusal<SessionPage>& page);

}  // namespace limpet::admin
