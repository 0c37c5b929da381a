#include "admin/drain_calls.h"

#include <array>

#include "admin/backend_view.h"
#include "admin/json.h"
#include "admin/parameters.h"
#include "base/number.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 1> kBackendParameters{"pool"};

Refusal bad_body(std::string detail) {
  return {400, "body", std::move(detail)};
}

// What the optional body of a drain says.
OrRefusal<ModeOrder> read_drain_body(std::string_view body) {
  ModeOrder order{.mode = backends::Mode::Draining};
  if (body.empty()) {
    return order;
  }
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return bad_body(R"(the body is an object such as {"rate": "50/s", "close": true}, or there is none)");
  }
  for (const auto& [name, value] : json.items()) {
    if (name == "rate" && value.is_string() && !value.get<std::string>().empty()) {
      order.rate = value.get<std::string>();
    } else if (name == "close" && value.is_boolean()) {
      order.close = value.get<bool>();
    } else {
      return bad_body("unknown name or wrong type in the body: \"" + name + "\"");
    }
  }
  return order;
}

// A call that says everything by its path.
OrRefusal<ModeOrder> read_empty_body(std::string_view body, backends::Mode mode) {
  const Json json = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.empty()) {
    return bad_body("this call takes no body, or an empty object");
  }
  return ModeOrder{.mode = mode};
}

Outcome set_mode(const Call& call, Source& source, const OrRefusal<ModeOrder>& order) {
  const auto parameters = Parameters::parse(call.request.query, kBackendParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  if (const auto* const refusal = std::get_if<Refusal>(&order)) {
    return to_answer(*refusal);
  }
  const BackendChoice backend{.name = call.key,
                              .pool = std::get<Parameters>(parameters).text_or_empty("pool")};
  const auto changed = source.set_mode(backend, std::get<ModeOrder>(order));
  const auto* const refusal = std::get_if<Refusal>(&changed);
  return refusal != nullptr ? to_answer(*refusal) : json_answer(backend_json(std::get<BackendInfo>(changed)));
}

}  // namespace

Outcome drain_backend(const Call& call, Source& source) {
  return set_mode(call, source, read_drain_body(call.body));
}

Outcome enable_backend(const Call& call, Source& source) {
  return set_mode(call, source, read_empty_body(call.body, backends::Mode::Enabled));
}

Outcome disable_backend(const Call& call, Source& source) {
  return set_mode(call, source, read_empty_body(call.body, backends::Mode::Disabled));
}

Outcome end_session(const Call& call, Source&) {
  const auto parameters = Parameters::parse(call.request.query, {});
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  const auto id = whole_number<std::uint64_t>(call.key);
  if (!id) {
    return to_answer({400, "id", "a session is named by its number, as GET /v1/sessions shows it"});
  }
  return SessionEnd{.id = *id};
}

Answer ended_answer(const OrRefusal<EndedSession>& ended) {
  const auto* const refusal = std::get_if<Refusal>(&ended);
  return refusal != nullptr ? to_answer(*refusal)
                            : json_answer({{"id", std::get<EndedSession>(ended).id}, {"leaving", true}});
}

}  // namespace limpet::admin
