#include "console/top_model.h"

#include <algorithm>
#include <array>

#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

constexpr std::size_t kEventsKept = 50;

std::string identity(const BackendName& whom) {
  return Json::array({whom.pool, whom.name}).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Of a counter; a process that has begun anew counts from 0.
double rate(double before, double now, double seconds) {
  return now >= before && seconds > 0 ? (now - before) / seconds : 0;
}

std::string detail_of(const Json& backend) {
  const Json& drain = field(backend, "drain");
  if (drain.is_object()) {
    if (number(drain, "remaining") == 0) {
      return "empty";
    }
    const Json& eta = field(drain, "eta_s");
    return show(drain, "remaining") + " left, " + show(drain, "told") + " told, " + show(drain, "rate") +
           (eta.is_number() ? ", about " + show_seconds(eta) : "");
  }
  const Json& probe = field(backend, "last_probe");
  return probe.is_object() && !is_true(probe, "ok") ? show(probe, "detail") : std::string();
}

// "08:15:30" of "2026-01-31T08:15:30.123Z".
std::string time_of_day(const std::string& rfc3339) {
  constexpr std::size_t kTime = 11;
  constexpr std::size_t kLength = 8;
  return rfc3339.size() >= kTime + kLength ? printable(rfc3339.substr(kTime, kLength)) : std::string(kAbsent);
}

std::string sentence_of(const Json& event) {
  const std::string what = text(event, "event");
  const std::string about = show(event, "backend") + " of pool " + show(event, "pool");
  const std::string sessions = plural(number(event, "sessions"), "session");
  if (what == "health" || what == "mode") {
    return about + " is " + show(event, "to") + " (was " + show(event, "from") + "), " + sessions;
  }
  if (what == "drained") {
    return about + " has no session left";
  }
  if (what == "added") {
    return about + " was added";
  }
  if (what == "leaving") {
    return about + " was taken out, " + sessions + " left";
  }
  if (what == "removed") {
    return about + " is gone";
  }
  return what == "configuration" ? "configuration " + show(event, "to") + " runs" : printable(what);
}

}  // namespace

void TopReader::take(const TopAnswers& answers, double at) {
  model_.problem = printable(answers.problem);
  if (!answers.status.is_object() || !answers.backends.is_object()) {
    return;
  }
  const double seconds = looked_at_ ? at - *looked_at_ : 0;
  const Json& before = field(model_.status, "totals");
  const Json& now = field(answers.status, "totals");
  if (looked_at_) {
    const auto of = [&](std::string_view name) {
      return rate(number(before, name), number(now, name), seconds);
    };
    model_.rates = {.opened = of("sessions_opened"),
                    .ended = of("sessions_ended"),
                    .requests = of("requests"),
                    .errors = of("errors")};
  }
  take_backends(answers.backends, seconds);
  take_events(answers.events);
  model_.status = answers.status;
  model_.backend_answer = answers.backends;
  model_.warnings = warnings_of(answers.status, answers.backends);
  looked_at_ = at;
}

void TopReader::take_backends(const Json& answer, double seconds) {
  const Json& rows = list(answer, "backends");
  const bool has_one_pool = std::ranges::all_of(
      rows, [&rows](const Json& row) { return field(row, "pool") == field(rows.front(), "pool"); });
  std::map<std::string, Counts> counts;
  model_.backends.clear();
  for (const Json& row : rows) {
    TopBackend backend{
        .whom = {.pool = text(row, "pool"), .name = text(row, "name")},
        .label = has_one_pool ? show(row, "name") : show(row, "pool") + "/" + show(row, "name"),
        .state = state_of(row),
        .weight = number(row, "weight"),
        .sessions = number(row, "sessions"),
        .requests_per_s = std::nullopt,
        .failures_per_s = std::nullopt,
        .detail = detail_of(row)};
    const std::string id = identity(backend.whom);
    const Counts now{.requests = number(row, "requests"), .failures = number(row, "failures")};
    if (const auto before = counts_.find(id); before != counts_.end() && looked_at_) {
      backend.requests_per_s = rate(before->second.requests, now.requests, seconds);
      backend.failures_per_s = rate(before->second.failures, now.failures, seconds);
    }
    counts[id] = now;
    model_.backends.push_back(std::move(backend));
  }
  counts_ = std::move(counts);
}

void TopReader::take_events(const Json& answer) {
  const Json& last = field(answer, "last");
  if (!last.is_number_integer()) {
    return;
  }
  if (last.get<std::uint64_t>() < last_event_) {
    model_.events.clear();  // another process counts from 0: the next look asks for all of them
    last_event_ = 0;
    return;
  }
  last_event_ = last.get<std::uint64_t>();
  for (const Json& event : list(answer, "events")) {
    model_.events.insert(model_.events.begin(), {time_of_day(text(event, "at")), sentence_of(event)});
  }
  model_.events.resize(std::min(model_.events.size(), kEventsKept));
}

void TopReader::take_sessions(const Json& page) {
  sweep_.add(page);
  model_.sessions = sweep_.worst();
  model_.sessions_looked_at = sweep_.looked_at();
}

void TopReader::filter_sessions(const std::string& words) {
  sweep_.filter(words);
  model_.sessions.clear();
  model_.sessions_looked_at = 0;
}

}  // namespace limpet::console
