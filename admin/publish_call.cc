#include "admin/publish_call.h"

#include <optional>
#include <utility>

#include "admin/request_reader.h"
#include "admin/views.h"
#include "base/crypto.h"
#include "base/text.h"
#include "base/utf8.h"

namespace limpet::admin {

namespace {

// A byte as it takes the most room in JSON: \u0000.
constexpr std::size_t kLongestEscape = 6;

Refusal bad_body(std::string detail) {
  return {400, "body", std::move(detail)};
}

// The message of the one name that says it.
std::optional<Refusal> read_message(PublishOrder& order, bool is_binary, const std::string& value) {
  order.is_binary = is_binary;
  if (!is_binary) {
    order.message = value;
    return std::nullopt;
  }
  auto decoded = crypto::from_base64(value);
  if (!decoded) {
    return Refusal{400, "base64", "base64 is not spelled as RFC 4648 4 says, with its padding"};
  }
  order.message = std::move(*decoded);
  return std::nullopt;
}

std::string* filter_of(PublishOrder& order, std::string_view name) noexcept {
  if (name == "pool") {
    return &order.pool;
  }
  if (name == "backend") {
    return &order.backend;
  }
  if (name == "route") {
    return &order.route;
  }
  return name == "key" ? &order.key : nullptr;
}

}  // namespace

OrRefusal<PublishOrder> read_publish_order(std::string_view text) {
  if (!is_utf8(text)) {
    return Refusal{400, "utf8", "a text is UTF-8, and so is the JSON around it; send other bytes as base64"};
  }
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return bad_body(R"(the body is an object such as {"text": "hello", "pool": "chat"})");
  }
  if (json.contains("text") == json.contains("base64")) {
    return Refusal{400, "message", R"(a message is said by either "text" or "base64")"};
  }
  PublishOrder order;
  for (const auto& [name, value] : json.items()) {
    const bool is_message = name == "text" || name == "base64";
    std::string* const filter = filter_of(order, name);
    if (!is_message && filter == nullptr) {
      return bad_body("unknown name in the body: \"" + name +
                      "\"; it takes text or base64, and pool, backend, route, key");
    }
    if (!value.is_string() || (!is_message && value.get_ref<const std::string&>().empty())) {
      return bad_body("\"" + name + "\" has to be a string" + (is_message ? "" : " that is not empty"));
    }
    if (!is_message) {
      *filter = value.get<std::string>();
    } else if (auto refusal = read_message(order, name == "base64", value.get_ref<const std::string&>())) {
      return std::move(*refusal);
    }
  }
  return order;
}

Json publish_order_json(const PublishOrder& order) {
  Json json = order.is_binary ? Json{{"base64", crypto::base64(bytes_of(order.message))}}
                              : Json{{"text", order.message}};
  for (const auto& [name, value] : {std::pair{"pool", &order.pool},
                                    {"backend", &order.backend},
                                    {"route", &order.route},
                                    {"key", &order.key}}) {
    if (!value->empty()) {
      json[name] = *value;
    }
  }
  return json;
}

Json counts_json(const PublishInfo& counts) {
  return {{"matched", counts.matched},
          {"sent", counts.sent},
          {"queued", counts.queued},
          {"dropped", counts.dropped},
          {"nodes", counts.nodes}};
}

std::size_t publish_body_bytes(std::size_t most_message_bytes) noexcept {
  return RequestReader::kMostBodyBytes + kLongestEscape * most_message_bytes;
}

Outcome publish(const Call& call, Source&) {
  auto order = read_publish_order(call.body);
  if (const auto* const refusal = std::get_if<Refusal>(&order)) {
    return to_answer(*refusal);
  }
  return std::move(std::get<PublishOrder>(order));
}

Answer published_answer(const OrRefusal<PublishInfo>& published) {
  if (const auto* const refusal = std::get_if<Refusal>(&published)) {
    return to_answer(*refusal);
  }
  return json_answer(counts_json(std::get<PublishInfo>(published)));
}

}  // namespace limpet::admin
