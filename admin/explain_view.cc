// The call that shows how a client would be placed, and who would move with other backends. Declared in
// views.h.
#include <algorithm>
#include <array>

#include "admin/json.h"
#include "admin/parameters.h"
#include "admin/views.h"
#include "base/number.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 9> kParameters{"client_ip", "cookie",  "header", "query", "path",
                                                      "pool",      "without", "with",   "weight"};
constexpr std::array<std::string_view, 5> kOfClients{"client_ip", "cookie", "header", "query", "path"};
// As in a file (settings/schema.cc).
constexpr std::uint32_t kLeastWeight = 1;
constexpr std::uint32_t kMostWeight = 1000;

OrRefusal<ExplainQuery> read_query(const Parameters& parameters) {
  ExplainQuery query{.pool = parameters.text_or_empty("pool"),
                     .client_ip = std::nullopt,
                     .cookie = parameters.text("cookie"),
                     .header = parameters.text("header"),
                     .query = parameters.text("query"),
                     .path = parameters.text("path")};
  if (const auto text = parameters.text("client_ip")) {
    query.client_ip = IpAddress::parse(*text);
    if (!query.client_ip) {
      return Refusal{400, "client_ip", "client_ip is an address such as 10.0.0.1 or 2001:db8::1"};
    }
  }
  if (!query.client_ip && !query.cookie && !query.header && !query.query && !query.path) {
    return Refusal{
        400, "parameters",
        "say who the client is: client_ip, cookie, header, query or path; or which backend is to be "
        "without or with"};
  }
  return query;
}

OrRefusal<ForecastQuery> read_change(const Parameters& parameters) {
  ForecastQuery query{.pool = parameters.text_or_empty("pool"),
                      .without = parameters.text_or_empty("without"),
                      .with = parameters.text_or_empty("with")};
  const bool is_about_a_client = std::ranges::any_of(
      kOfClients, [&parameters](std::string_view name) { return parameters.text(name).has_value(); });
  if (is_about_a_client) {
    return Refusal{400, "parameters",
                   "without and with are about all clients: ask about a single one in a call of its own"};
  }
  if (query.without.empty() && query.with.empty()) {
    return Refusal{400, "parameters", "without and with name a backend; weight is that of with"};
  }
  if (const auto text = parameters.text("weight")) {
    const auto weight = whole_number<std::uint32_t>(*text);
    if (query.with.empty() || !weight || *weight < kLeastWeight || *weight > kMostWeight) {
      return Refusal{400, "weight", "weight is that of the backend that with names: a number from 1 to 1000"};
    }
    query.weight = *weight;
  }
  return query;
}

Json forecast_json(const ForecastInfo& forecast) {
  Json moves = Json::array();
  for (const ForecastMove& move : forecast.moves) {
    moves.push_back({{"from", text_or_null(move.from)},
                     {"to", text_or_null(move.to)},
                     {"when", move.at_once ? "at_once" : "in_time"},
                     {"keys", move.keys},
                     {"sessions", move.sessions}});
  }
  const ForecastQuery& query = forecast.query;
  return {{"pool", query.pool},
          {"without", text_or_null(query.without)},
          {"with", text_or_null(query.with)},
          {"weight", query.with.empty() ? Json(nullptr) : Json(query.weight)},
          {"keys", forecast.keys},
          {"sessions", forecast.sessions},
          {"moves", moves}};
}

Json explanation_json(const Explanation& explanation) {
  Json steps = Json::array();
  for (const affinity::TraceStep& step : explanation.steps) {
    steps.push_back(
        {{"step", step.step}, {"backend", text_or_null(step.backend)}, {"verdict", step.verdict}});
  }
  const auto& key = explanation.key;
  return {{"pool", explanation.pool},
          {"key", key ? Json(key->text) : Json(nullptr)},
          {"kind", key ? Json(word(key->kind)) : Json(nullptr)},
          {"steps", steps},
          {"backend", text_or_null(explanation.backend)},
          {"reason", explanation.reason}};
}

}  // namespace

Outcome view_explanation(const Call& call, Source& source) {
  const auto parameters = Parameters::parse(call.request.query, kParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  const auto& given = std::get<Parameters>(parameters);
  if (given.text("without") || given.text("with") || given.text("weight")) {
    const auto change = read_change(given);
    const auto* const refusal = std::get_if<Refusal>(&change);
    return refusal != nullptr ? Outcome(to_answer(*refusal)) : Outcome(std::get<ForecastQuery>(change));
  }
  const auto query = read_query(given);
  if (const auto* const refusal = std::get_if<Refusal>(&query)) {
    return to_answer(*refusal);
  }
  const auto explanation = source.explain(std::get<ExplainQuery>(query));
  if (const auto* const refusal = std::get_if<Refusal>(&explanation)) {
    return to_answer(*refusal);
  }
  return json_answer(explanation_json(std::get<Explanation>(explanation)));
}

Answer forecast_answer(const OrRefusal<ForecastInfo>& forecast) {
  const auto* const refusal = std::get_if<Refusal>(&forecast);
  return refusal != nullptr ? to_answer(*refusal)
                            : json_answer(forecast_json(std::get<ForecastInfo>(forecast)));
}

}  // namespace limpet::admin
