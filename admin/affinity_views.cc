// The calls about the affinity table. Declared in views.h.
#include <array>

#include "admin/json.h"
#include "admin/json_text.h"
#include "admin/paging.h"
#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 5> kListParameters{"limit", "cursor", "backend", "pool", "kind"};
constexpr std::array<std::string_view, 2> kEntryParameters{"pool", "kind"};

// Written straight into the text: through a tree of Json values a page of 1000 took 4 ms, and the control
// thread has other things to do.
void append_pin(std::string& out, const PinInfo& pin) {
  append_member(out, "{\"key\":", pin.key);
  append_member(out, ",\"kind\":", word(pin.kind));
  append_member_or_null(out, ",\"pool\":", pin.pool);
  append_member_or_null(out, ",\"backend\":", pin.backend);
  append_member(out, ",\"reason\":", word(pin.reason));
  append_member(out, ",\"sessions\":", pin.sessions);
  append_member(out, ",\"created\":", pin.created);
  append_member(out, ",\"last_seen\":", pin.last_seen);
  if (pin.expires) {
    append_member(out, ",\"expires\":", *pin.expires);
  } else {
    out += ",\"expires\":null";
  }
  out += '}';
}

OrRefusal<PinQuery> read_pin_query(const Call& call) {
  const auto parameters = Parameters::parse(call.request.query, kListParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return *refusal;
  }
  const auto& known = std::get<Parameters>(parameters);
  auto paging = read_paging(known);
  if (const auto* const refusal = std::get_if<Refusal>(&paging)) {
    return *refusal;
  }
  auto kind = read_kind(known.text("kind"));
  if (const auto* const refusal = std::get_if<Refusal>(&kind)) {
    return *refusal;
  }
  auto& [limit, cursor, backend] = std::get<Paging>(paging);
  return PinQuery{.limit = limit,
                  .cursor = cursor,
                  .backend = std::move(backend),
                  .kind = std::get<std::optional<affinity::KeyKind>>(kind)};
}

OrRefusal<KeyChoice> read_key(const Call& call) {
  const auto parameters = Parameters::parse(call.request.query, kEntryParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return *refusal;
  }
  const auto& known = std::get<Parameters>(parameters);
  auto kind = read_kind(known.text("kind"));
  if (const auto* const refusal = std::get_if<Refusal>(&kind)) {
    return *refusal;
  }
  return KeyChoice{.key = call.key,
                   .pool = known.text_or_empty("pool"),
                   .kind = std::get<std::optional<affinity::KeyKind>>(kind)};
}

Outcome pin_answer(const OrRefusal<PinInfo>& pin) {
  const auto* const refusal = std::get_if<Refusal>(&pin);
  if (refusal != nullptr) {
    return to_answer(*refusal);
  }
  std::string json;
  append_pin(json, std::get<PinInfo>(pin));
  return json_text_answer(std::move(json));
}

Refusal bad_body(std::string detail) {
  return {400, "body", std::move(detail)};
}

// What the body of a PUT says; pool and kind of the body go into `choice` unless the query named them.
OrRefusal<PinTarget> read_pin_body(std::string_view body, KeyChoice& choice) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return bad_body("the body is an object such as {\"backend\": \"b2\"}");
  }
  PinTarget target;
  std::optional<std::string> kind;
  for (const auto& [name, value] : json.items()) {
    if (name == "move" && value.is_boolean()) {
      target.move = value.get<bool>();
    } else if (name == "backend" && value.is_string()) {
      target.backend = value.get<std::string>();
    } else if (name == "pool" && value.is_string()) {
      choice.pool = choice.pool.empty() ? value.get<std::string>() : choice.pool;
    } else if (name == "kind" && value.is_string()) {
      kind = value.get<std::string>();
    } else {
      return bad_body("unknown name or wrong type in the body: \"" + name + "\"");
    }
  }
  if (target.backend.empty()) {
    return bad_body("\"backend\" names the backend");
  }
  const auto read = read_kind(kind);
  if (const auto* const refusal = std::get_if<Refusal>(&read)) {
    return *refusal;
  }
  if (!choice.kind) {
    choice.kind = std::get<std::optional<affinity::KeyKind>>(read);
  }
  return target;
}

}  // namespace

Outcome view_pins(const Call& call, Source& source) {
  const auto query = read_pin_query(call);
  if (const auto* const refusal = std::get_if<Refusal>(&query)) {
    return to_answer(*refusal);
  }
  const auto page = source.pins(std::get<PinQuery>(query));
  if (const auto* const refusal = std::get_if<Refusal>(&page)) {
    return to_answer(*refusal);
  }
  const auto& [total, pins, next] = std::get<PinPage>(page);
  constexpr std::size_t kUsualEntryBytes = 256;
  std::string json;
  json.reserve((pins.size() + 1) * kUsualEntryBytes);
  append_member(json, "{\"total\":", total);
  json += ",\"entries\":[";
  for (const PinInfo& pin : pins) {
    json += json.back() == '[' ? "" : ",";
    append_pin(json, pin);
  }
  json += ']';
  append_member_or_null(json, ",\"next\":", next == 0 ? std::string() : std::to_string(next));
  json += '}';
  return json_text_answer(std::move(json));
}

Outcome view_pin(const Call& call, Source& source) {
  const auto choice = read_key(call);
  const auto* const refusal = std::get_if<Refusal>(&choice);
  return refusal != nullptr ? to_answer(*refusal) : pin_answer(source.pin(std::get<KeyChoice>(choice)));
}

Outcome set_pin(const Call& call, Source& source) {
  auto choice = read_key(call);
  if (const auto* const refusal = std::get_if<Refusal>(&choice)) {
    return to_answer(*refusal);
  }
  auto& key = std::get<KeyChoice>(choice);
  const auto target = read_pin_body(call.body, key);
  if (const auto* const refusal = std::get_if<Refusal>(&target)) {
    return to_answer(*refusal);
  }
  return pin_answer(source.set_pin(key, std::get<PinTarget>(target)));
}

Outcome forget_pin(const Call& call, Source& source) {
  const auto choice = read_key(call);
  const auto* const refusal = std::get_if<Refusal>(&choice);
  return refusal != nullptr ? to_answer(*refusal)
                            : pin_answer(source.forget_pin(std::get<KeyChoice>(choice)));
}

}  // namespace limpet::admin
