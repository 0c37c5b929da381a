// The calls about live sessions. Declared in views.h.
#include <array>

#include "admin/json.h"
#include "admin/paging.h"
#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 4> kParameters{"limit", "cursor", "backend", "pool"};

Json session_json(const SessionInfo& session) {
  return {{"id", session.id},
          {"key", text_or_null(session.key)},
          {"backend", text_or_null(session.backend)},
          {"pool", text_or_null(session.pool)},
          {"client", session.client},
          {"request_id", session.request_id},
          {"age_s", seconds(session.age)},
          {"messages_from_client", session.messages_from_client},
          {"messages_from_backend", session.messages_from_backend},
          {"bytes_from_client", session.bytes_from_client},
          {"bytes_from_backend", session.bytes_from_backend},
          {"queued_bytes", session.queued_bytes},
          {"idle_s", seconds(session.idle)}};
}

}  // namespace

Outcome view_sessions(const Call& call, Source&) {
  const auto parameters = Parameters::parse(call.request.query, kParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return to_answer(*refusal);
  }
  auto paging = read_paging(std::get<Parameters>(parameters));
  if (const auto* const refusal = std::get_if<Refusal>(&paging)) {
    return to_answer(*refusal);
  }
  auto& [limit, cursor, backend] = std::get<Paging>(paging);
  return SessionQuery{.limit = limit, .cursor = cursor, .backend = std::move(backend)};
}

Answer sessions_answer(const OrRefusal<SessionPage>& page) {
  if (const auto* const refusal = std::get_if<Refusal>(&page)) {
    return to_answer(*refusal);
  }
  const auto& [found, next] = std::get<SessionPage>(page);
  Json sessions = Json::array();
  for (const SessionInfo& session : found) {
    sessions.push_back(session_json(session));
  }
  return json_answer({{"sessions", sessions}, {"next", cursor_json(next)}});
}

}  // namespace limpet::admin
