#include "admin/event_stream.h"

#include <array>
#include <string_view>
#include <utility>

#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 2> kParameters{"history", "events"};

// `json` is one line.
void append_event(std::string& out, std::string_view name, std::string_view json) {
  out.append("event: ").append(name).append("\ndata: ").append(json).append("\n\n");
}

}  // namespace

void StreamTexts::look(const Source& source, Instant now) {
  const bool is_fresh = backends_version_ != 0 && now - looked_ < kEvery / 2;
  if (is_fresh) {
    return;
  }
  looked_ = now;
  status_ = status_text(source);
  std::string backends = backends_text(source);
  if (backends != backends_) {
    backends_ = std::move(backends);
    ++backends_version_;
  }
}

std::string EventStream::next(const Source& source, Instant now) {
  const bool is_first = !std::exchange(has_begun_, true);
  const History& hour = source.history();
  texts_.look(source, now);
  std::string out;
  append_event(out, "status", texts_.status());
  if (std::exchange(backends_version_, texts_.backends_version()) != texts_.backends_version()) {
    append_event(out, "backends", texts_.backends());
  }
  if (is_first || seen_.history != hour.samples.last()) {
    append_event(out, "history", history_text(source, std::exchange(seen_.history, hour.samples.last())));
  }
  if (is_first || seen_.events != hour.events.last()) {
    append_event(out, "events", events_text(source, std::exchange(seen_.events, hour.events.last())));
  }
  return out;
}

Outcome view_stream(const Call& call, Source&) {
  const auto parameters = Parameters::parse(call.request.query, kParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  StreamQuery seen;
  for (const auto& [name, number] :
       {std::pair{kParameters[0], &seen.history}, std::pair{kParameters[1], &seen.events}}) {
    const auto given = std::get<Parameters>(parameters).number_seen(name);
    if (const auto* const refusal = std::get_if<Refusal>(&given)) {
      return to_answer(*refusal);
    }
    *number = std::get<std::uint64_t>(given);
  }
  return seen;
}

}  // namespace limpet::admin
