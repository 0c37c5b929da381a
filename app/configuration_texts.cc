#include "app/configuration_texts.h"

#include <string_view>

#include "settings/problem.h"

namespace limpet::app {

namespace {

using admin::Json;

std::string text_of(const Json& object, std::string_view name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null()) {
    return {};
  }
  return found->is_string() ? found->get<std::string>() : found->dump();
}

int number_of(const Json& object, std::string_view name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

Json list_of(const Json& object, std::string_view name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_array() ? *found : Json::array();
}

// "~ retries: 2 -> 3", "+ pools.chat.backends.c3: address: ...", "- listeners.0.0.0.0:81: pool: default".
std::string line_of(const Json& change) {
  const std::string kind = text_of(change, "change");
  std::string line = (kind == "added"     ? "+ "
                      : kind == "removed" ? "- "
                                          : "~ ") +
                     text_of(change, "key") + ": ";
  if (kind == "changed") {
    line += text_of(change, "from") + " -> " + text_of(change, "to");
  } else {
    line += text_of(change, kind == "added" ? "to" : "from");
  }
  const int sessions = number_of(change, "sessions");
  line += sessions > 0 ? " (" + std::to_string(sessions) + (sessions == 1 ? " session)" : " sessions)") : "";
  line += text_of(change, "needs_restart") == "true" ? " (needs a restart)" : "";
  return line + "\n";
}

std::string lines_of(const Json& report) {
  std::string text;
  for (const Json& change : list_of(report, "changes")) {
    text += line_of(change);
  }
  for (const Json& change : list_of(report, "undone")) {
    text += "undoes a change made at run time: " + line_of(change);
  }
  return text;
}

bool has_errors(const Json& report) {
  return !list_of(report, "errors").empty();
}

std::string backend_of(const Json& backend) {
  return text_of(backend, "name") + " in the pool " + text_of(backend, "pool");
}

}  // namespace

std::string reload_text(const Json& report) {
  if (has_errors(report)) {
    return "nothing was changed\n";
  }
  const std::string lines = lines_of(report);
  return (lines.empty() ? "no difference\n" : lines) + "reloaded: generation " +
         text_of(report, "generation") + "\n";
}

std::string plan_text(const Json& report) {
  if (has_errors(report)) {
    return "a reload would change nothing\n";
  }
  const std::string lines = lines_of(report);
  return lines.empty() ? "no difference\n" : lines;
}

std::string reload_errors_text(const Json& report) {
  std::string text;
  for (const Json& error : list_of(report, "errors")) {
    text += settings::Problem{text_of(error, "file"), number_of(error, "line"), number_of(error, "column"),
                              text_of(error, "key"), text_of(error, "message")}
                .to_string() +
            "\n";
  }
  return text;
}

std::string added_text(const Json& backend) {
  return "added " + backend_of(backend) + "; the next reload undoes it unless the file has it\n";
}

std::string removed_text(const Json& backend) {
  return "removed " + backend_of(backend) + ": it goes with the last of its " + text_of(backend, "sessions") +
         " sessions\n";
}

std::string weight_text(const Json& backend) {
  return backend_of(backend) + " has weight " + text_of(backend, "weight") + " now\n";
}

}  // namespace limpet::app
