// Answers of an admin endpoint with two backends, for the tests of what is shown of them.
#pragma once

#include <string>

#include "console/json.h"
#include "console/top_model.h"

namespace limpet::console {

inline Json backend_answer(const std::string& name, int sessions, int requests, int failures = 0) {
  return {{"name", name},         {"pool", "default"},        {"weight", 1},
          {"health", "up"},       {"mode", "enabled"},        {"sessions", sessions},
          {"requests", requests}, {"failures", failures},     {"last_probe", nullptr},
          {"drain", nullptr},     {"ejected_until", nullptr}, {"leaving", false}};
}

inline Json session_answer(int id, int bytes, double age_s, int queued = 0) {
  return {{"id", id},
          {"key", "user-" + std::to_string(id)},
          {"backend", "b1"},
          {"pool", "default"},
          {"client", "10.0.0." + std::to_string(id) + ":99"},
          {"age_s", age_s},
          {"idle_s", 1.0},
          {"messages_from_client", 1},
          {"messages_from_backend", 2},
          {"bytes_from_client", bytes},
          {"bytes_from_backend", 0},
          {"queued_bytes", queued}};
}

// b1 with 3 sessions and b2 with 7.
inline TopAnswers answers(int requests = 100) {
  return {.status = Json::parse(
              R"({"version": "1.2.3", "uptime_s": 61, "workers": 2, "generation": 7, "pid": 4711,
            "sessions": 10, "pins": 4, "pools": [{"name": "default", "drain_rate": "5/s", "drain_grace_s": 30}],
            "totals": {"requests": )" +
              std::to_string(requests) + R"(, "sessions_opened": 5, "sessions_ended": 2, "errors": 0}})"),
          .backends = {{"backends", Json::array({backend_answer("b1", 3, requests),
                                                 backend_answer("b2", 7, 0, requests)})}},
          .events = {{"last", 0}, {"events", Json::array()}},
          .problem = {}};
}

}  // namespace limpet::console
