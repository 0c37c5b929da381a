// The calls about the configuration: reloading the file, and changes without one. Declared in views.h.
#include <array>

#include "admin/backend_view.h"
#include "admin/json.h"
#include "admin/parameters.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::string_view, 1> kReloadParameters{"plan"};
constexpr std::array<std::string_view, 1> kBackendParameters{"pool"};
constexpr int kCreated = 201;
constexpr int kUnprocessable = 422;

Json changes_json(const std::vector<ChangeInfo>& changes) {
  Json json = Json::array();
  for (const ChangeInfo& change : changes) {
    json.push_back({{"change", change.change},
                    {"key", change.key},
                    {"from", text_or_null(change.from)},
                    {"to", text_or_null(change.to)},
                    {"sessions", change.sessions},
                    {"needs_restart", change.needs_restart}});
  }
  return json;
}

Json errors_json(const std::vector<FileError>& errors) {
  Json json = Json::array();
  for (const FileError& error : errors) {
    json.push_back({{"file", error.file},
                    {"line", error.line},
                    {"column", error.column},
                    {"key", error.key},
                    {"message", error.message}});
  }
  return json;
}

OrRefusal<bool> read_plan(const Call& call) {
  const auto parameters = Parameters::parse(call.request.query, kReloadParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return *refusal;
  }
  const std::string plan = std::get<Parameters>(parameters).text("plan").value_or("false");
  if (plan != "true" && plan != "false") {
    return Refusal{400, "plan", "plan is true or false"};
  }
  return plan == "true";
}

Outcome backend_answer(const OrRefusal<BackendInfo>& backend, int status) {
  if (const auto* const refusal = std::get_if<Refusal>(&backend)) {
    return to_answer(*refusal);
  }
  Answer answer = json_answer(backend_json(std::get<BackendInfo>(backend)));
  answer.status = status;
  return answer;
}

using Values = std::vector<std::pair<std::string, std::string>>;

std::optional<Refusal> read_values(const Json& object, const std::string& prefix, Values& values) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + key;
    if (value.is_object() && name == "tls") {
      values.emplace_back(name, "{}");
      if (auto refusal = read_values(value, name + ".", values)) {
        return refusal;
      }
      continue;
    }
    const bool is_flag = value.is_boolean() && !prefix.empty();
    if (!value.is_string() && !value.is_number() && !is_flag) {
      return Refusal{400, name, "the value of \"" + name + "\" is a text or a number"};
    }
    values.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return std::nullopt;
}

// The values of an object as texts, as a file would have them; those of the section "tls" as "tls.ca", behind
// "tls" with the text "{}".
OrRefusal<Values> read_object(std::string_view body, std::string_view example) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return Refusal{400, "body", "the body is an object such as " + std::string(example)};
  }
  Values values;
  if (auto refusal = read_values(json, "", values)) {
    return std::move(*refusal);
  }
  return values;
}

OrRefusal<BackendChoice> read_choice(const Call& call) {
  const auto parameters = Parameters::parse(call.request.query, kBackendParameters);
  if (const auto* const refusal = std::get_if<Refusal>(&parameters)) {
    return *refusal;
  }
  return BackendChoice{.name = call.key, .pool = std::get<Parameters>(parameters).text_or_empty("pool")};
}

}  // namespace

Outcome reload(const Call& call, Source& source) {
  const auto plan = read_plan(call);
  if (const auto* const refusal = std::get_if<Refusal>(&plan)) {
    return to_answer(*refusal);
  }
  const auto reloaded = source.reload(std::get<bool>(plan));
  if (const auto* const refusal = std::get_if<Refusal>(&reloaded)) {
    return to_answer(*refusal);
  }
  const auto& report = std::get<ReloadReport>(reloaded);
  Answer answer = json_answer({{"applied", report.applied},
                               {"generation", report.generation},
                               {"changes", changes_json(report.changes)},
                               {"errors", errors_json(report.errors)},
                               {"undone", changes_json(report.undone)}});
  answer.status = report.errors.empty() ? 200 : kUnprocessable;
  return answer;
}

Outcome add_backend(const Call& call, Source& source) {
  auto values = read_object(call.body, R"({"address": "10.0.0.3:3000"})");
  if (const auto* const refusal = std::get_if<Refusal>(&values)) {
    return to_answer(*refusal);
  }
  NewBackend backend;
  for (auto& [name, text] : std::get<0>(values)) {
    if (name == "pool") {
      backend.pool = std::move(text);
    } else {
      backend.values.emplace_back(name, std::move(text));
    }
  }
  return backend_answer(source.add_backend(backend), kCreated);
}

Outcome remove_backend(const Call& call, Source& source) {
  const auto choice = read_choice(call);
  const auto* const refusal = std::get_if<Refusal>(&choice);
  return refusal != nullptr ? to_answer(*refusal)
                            : backend_answer(source.remove_backend(std::get<BackendChoice>(choice)), 200);
}

Outcome set_weight(const Call& call, Source& source) {
  const auto choice = read_choice(call);
  if (const auto* const refusal = std::get_if<Refusal>(&choice)) {
    return to_answer(*refusal);
  }
  const auto values = read_object(call.body, R"({"weight": 3})");
  if (const auto* const refusal = std::get_if<Refusal>(&values)) {
    return to_answer(*refusal);
  }
  const auto& list = std::get<0>(values);
  if (list.size() != 1 || list.front().first != "weight") {
    return to_answer({400, "body", "the body is an object such as {\"weight\": 3}"});
  }
  return backend_answer(source.set_weight(std::get<BackendChoice>(choice), list.front().second), 200);
}

}  // namespace limpet::admin
