// The call that shows how a client would be placed. Declared in views.h.
#include <array>

#include "admin/json.h"
#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 6> kParameters{"client_ip", "cookie", "header",
                                                      "query",     "path",   "pool"};

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
    return Refusal{400, "parameters", "say who the client is: client_ip, cookie, header, query or path"};
  }
  return query;
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
  const auto query = read_query(std::get<Parameters>(parameters));
  if (const auto* const refusal = std::get_if<Refusal>(&query)) {
    return to_answer(*refusal);
  }
  const auto explanation = source.explain(std::get<ExplainQuery>(query));
  if (const auto* const refusal = std::get_if<Refusal>(&explanation)) {
    return to_answer(*refusal);
  }
  return json_answer(explanation_json(std::get<Explanation>(explanation)));
}

}  // namespace limpet::admin
