// Json: how values look in the answers of the admin endpoint. Pure. Any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "admin/answer.h"
#include "base/clock.h"

namespace limpet::admin {

using Json = nlohmann::ordered_json;

// Of text that is JSON already.
[[nodiscard]] inline Answer json_text_answer(std::string json) {
  return {.status = 200, .content_type = kJsonType, .body = std::move(json.append("\n")), .allow = {}};
}
// In one line. Keys are what clients sent: bytes that are not UTF-8 are replaced.
[[nodiscard]] inline std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
[[nodiscard]] inline Answer json_answer(const Json& json) {
  return json_text_answer(json_text(json));
}

// null for an empty text.
[[nodiscard]] inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

[[nodiscard]] inline Json seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// A cursor is a text, so that no reader rounds it to a double; null = there is no further page.
[[nodiscard]] inline Json cursor_json(std::uint64_t next) {
  return next == 0 ? Json(nullptr) : Json(std::to_string(next));
}

}  // namespace limpet::admin
