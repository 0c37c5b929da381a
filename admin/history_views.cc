// The calls that tell of the last hour. Declared in views.h.
#include <array>
#include <optional>

#include "admin/json.h"
#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 1> kParameters{"since"};

// Straight into the text: an hour is 6000 numbers.
void append_sample(std::string& out, const Sample& sample) {
  out.append(out.ends_with('[') ? "[" : ",[").append(std::to_string(sample.at.time_since_epoch().count()));
  for (const std::uint64_t value : sample.values) {
    out.append(",").append(std::to_string(value));
  }
  out.append("]");
}

Json event_json(std::uint64_t id, const Event& event) {
  return {{"id", id},
          {"at", to_rfc3339(event.at)},
          {"event", event.what},
          {"pool", text_or_null(event.pool)},
          {"backend", text_or_null(event.backend)},
          {"from", text_or_null(event.from)},
          {"to", text_or_null(event.to)},
          {"sessions", event.sessions}};
}

// `text` of what came after the number that the caller has seen already; 0 = nothing.
Answer since_answer(const Call& call, const Source& source,
                    std::string (*text)(const Source&, std::uint64_t)) {
  const auto parameters = Parameters::parse(call.request.query, kParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  const auto since = std::get<Parameters>(parameters).number_seen("since");
  if (const auto* const refusal = std::get_if<Refusal>(&since)) {
    return to_answer(*refusal);
  }
  return json_text_answer(text(source, std::get<std::uint64_t>(since)));
}

}  // namespace

std::string history_text(const Source& source, std::uint64_t since) {
  const auto& samples = source.history().samples;
  std::string json = R"({"every_s":)" + std::to_string(kSampleEvery / std::chrono::seconds(1)) +
                     R"(,"last":)" + std::to_string(samples.last()) + R"(,"columns":["time_ms")";
  for (const std::string_view name : kSeriesNames) {
    json.append(",\"").append(name).append("\"");
  }
  json.append(R"(],"samples":[)");
  for (auto i = samples.first_after(since); i <= samples.last(); ++i) {
    append_sample(json, samples.at(i));
  }
  return json.append("]}");
}

std::string events_text(const Source& source, std::uint64_t since) {
  const auto& kept = source.history().events;
  Json events = Json::array();
  for (auto i = kept.first_after(since); i <= kept.last(); ++i) {
    events.push_back(event_json(i, kept.at(i)));
  }
  return json_text({{"last", kept.last()}, {"events", events}});
}

Outcome view_history(const Call& call, Source& source) {
  return since_answer(call, source, history_text);
}

Outcome view_events(const Call& call, Source& source) {
  return since_answer(call, source, events_text);
}

}  // namespace limpet::admin
