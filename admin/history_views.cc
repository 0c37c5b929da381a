// The calls that tell of the last hour. Declared in views.h.
#include <array>
#include <optional>

#include "admin/json.h"
#include "admin/parameters.h"
#include "admin/views.h"
#include "base/number.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 1> kParameters{"since"};

// What the caller has seen already; 0 = nothing.
OrRefusal<std::uint64_t> read_since(const Call& call) {
  const auto parameters = Parameters::parse(call.request.query, kParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return *refusal;
  }
  const auto text = std::get<Parameters>(parameters).text("since");
  const auto number = text ? whole_number<std::uint64_t>(*text) : std::optional<std::uint64_t>(0);
  if (!number) {
    return Refusal{400, "since", "since is the number of the last one that you have seen"};
  }
  return *number;
}

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

}  // namespace

Outcome view_history(const Call& call, Source& source) {
  const auto since = read_since(call);
  if (const auto* const refusal = std::get_if<Refusal>(&since)) {
    return to_answer(*refusal);
  }
  const auto& samples = source.history().samples;
  std::string json = R"({"every_s":)" + std::to_string(kSampleEvery / std::chrono::seconds(1)) +
                     R"(,"last":)" + std::to_string(samples.last()) + R"(,"columns":["time_ms")";
  for (const std::string_view name : kSeriesNames) {
    json.append(",\"").append(name).append("\"");
  }
  json.append(R"(],"samples":[)");
  for (auto i = samples.first_after(std::get<std::uint64_t>(since)); i <= samples.last(); ++i) {
    append_sample(json, samples.at(i));
  }
  return json_text_answer(std::move(json.append("]}")));
}

Outcome view_events(const Call& call, Source& source) {
  const auto since = read_since(call);
  if (const auto* const refusal = std::get_if<Refusal>(&since)) {
    return to_answer(*refusal);
  }
  const auto& kept = source.history().events;
  Json events = Json::array();
  for (auto i = kept.first_after(std::get<std::uint64_t>(since)); i <= kept.last(); ++i) {
    events.push_back(event_json(i, kept.at(i)));
  }
  return json_answer({{"last", kept.last()}, {"events", events}});
}

}  // namespace limpet::admin
