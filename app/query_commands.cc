#include "app/query_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "admin/json.h"
#include "app/admin_client.h"
#include "app/admin_token.h"
#include "app/exit_codes.h"
#include "app/query_tables.h"

namespace limpet::app {

namespace {

using admin::Json;

// No answer, or one that says an error.
constexpr int kNoAnswer = kBadConfiguration;
constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kMostShown = 1'000'000;  // of --limit; --all has no bound

struct QueryOptions {
  std::string admin = "http://127.0.0.1:9900";
  std::string token_file;
  bool json = false;
  // affinity and sessions
  std::string key;  // affinity: empty = list them
  std::string backend;
  std::string pool;
  std::string kind;
  std::size_t limit = 100;
  bool all = false;
};

// One command that has run: what was answered, or the exit code and what was wrong.
struct Fetched {
  int exit_code = kFine;
  std::string problem{};
  Json json{};
};

// The sentence of an error answer.
std::string problem_of(const AdminAnswer& answer) {
  const Json json = Json::parse(answer.body, nullptr, false);
  const bool has_detail = json.is_object() && json.contains("detail") && json["detail"].is_string();
  return has_detail ? json["detail"].get<std::string>()
                    : "it answered status " + std::to_string(answer.status);
}

Fetched fetch(const QueryOptions& options, const std::string& target) {
  auto token = admin_token(options.token_file, std::getenv("LIMPET_ADMIN_TOKEN"));
  if (!token.ok()) {
    return {.exit_code = kBadUsage, .problem = token.error().detail};
  }
  const auto client = AdminClient::at(options.admin, std::move(token).value());
  if (!client.ok()) {
    return {.exit_code = kBadUsage, .problem = "--admin: " + client.error().detail};
  }
  const auto answer = client->get(target);
  if (!answer.ok()) {
    return {.exit_code = kNoAnswer, .problem = answer.error().detail};
  }
  if (answer->status != 200) {
    return {.exit_code = kNoAnswer, .problem = problem_of(*answer)};
  }
  Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object()) {
    return {.exit_code = kNoAnswer,
            .problem = options.admin + " does not answer like an admin endpoint of limpet"};
  }
  return {.json = std::move(json)};
}

// Prints and answers the exit code. `to_text` is for people.
int report(const QueryOptions& options, const Fetched& fetched, std::string (*to_text)(const Json&)) {
  if (!fetched.problem.empty()) {
    std::cerr << "limpet: " << fetched.problem << "\n";
    return fetched.exit_code;
  }
  std::cout << (options.json ? fetched.json.dump() + "\n" : to_text(fetched.json)) << std::flush;
  return fetched.exit_code;
}

void add_parameter(std::string& target, std::string_view name, const std::string& value) {
  if (!value.empty()) {
    target.append(target.find('?') == std::string::npos ? "?" : "&").append(name).append("=");
    target.append(percent_encode(value));
  }
}

// Follows the pages of `path`, whose entries stand under `list`, until there are enough of them: one page may
// be short although there are more.
Fetched fetch_pages(const QueryOptions& options, const std::string& path, const std::string& list) {
  Fetched gathered;
  Json entries = Json::array();
  std::string cursor;
  do {
    const std::size_t missing = options.all ? kLargestPage : options.limit - entries.size();
    std::string target = path;
    add_parameter(target, "limit", std::to_string(std::min(missing, kLargestPage)));
    add_parameter(target, "cursor", cursor);
    add_parameter(target, "backend", options.backend);
    add_parameter(target, "pool", options.pool);
    add_parameter(target, "kind", options.kind);
    gathered = fetch(options, target);
    if (!gathered.problem.empty()) {
      return gathered;
    }
    for (Json& entry : gathered.json[list]) {
      entries.push_back(std::move(entry));
    }
    const Json& next = gathered.json["next"];
    cursor = next.is_string() ? next.get<std::string>() : "";
  } while (!cursor.empty() && (options.all || entries.size() < options.limit));
  gathered.json[list] = std::move(entries);
  return gathered;
}

std::string more_note(const Json& page) {
  return page.contains("next") && !page["next"].is_null() ? "there are more: --all lists them\n" : "";
}

std::string pin_page_text(const Json& page) {
  return pins_table(page["entries"]) + more_note(page);
}

std::string session_page_text(const Json& page) {
  return sessions_table(page["sessions"]) + more_note(page);
}

int run_status(const QueryOptions& options) {
  return report(options, fetch(options, "/v1/status"), status_text);
}

int run_backends(const QueryOptions& options) {
  return report(options, fetch(options, "/v1/backends"),
                [](const Json& json) { return backends_table(json["backends"]); });
}

int run_affinity(const QueryOptions& options) {
  if (options.key.empty()) {
    return report(options, fetch_pages(options, "/v1/affinity", "entries"), pin_page_text);
  }
  if (!options.backend.empty() || options.all) {
    std::cerr << "limpet: --backend and --all are for the list, not for one key\n";
    return kBadUsage;
  }
  std::string target = "/v1/affinity/" + percent_encode(options.key);
  // GET /v1/affinity/explain is another call.
  if (options.key == "explain") {
    target = "/v1/affinity/%65xplain";
  }
  add_parameter(target, "pool", options.pool);
  add_parameter(target, "kind", options.kind);
  return report(options, fetch(options, target),
                [](const Json& pin) { return pins_table(Json::array({pin})); });
}

int run_sessions(const QueryOptions& options) {
  return report(options, fetch_pages(options, "/v1/sessions", "sessions"), session_page_text);
}

struct Command {
  CLI::App* app = nullptr;
  QueryOptions& options;
};

Command add_command(CLI::App& app, QueryOptions& options, const std::string& name, const std::string& help) {
  CLI::App* const command = app.add_subcommand(name, help);
  command->add_option("--admin", options.admin, "Admin endpoint: http://host:port or unix:/path")
      ->capture_default_str();
  command->add_option("--token-file", options.token_file,
                      "File with the token of the endpoint; without it LIMPET_ADMIN_TOKEN counts");
  command->add_flag("--json", options.json, "Print the answer as JSON");
  return {command, options};
}

void add_listing(const Command& command) {
  command.app->add_option("--backend", command.options.backend, "Only those on this backend");
  command.app->add_option("--pool", command.options.pool,
                          "The pool of that backend or key, where names repeat");
  command.app->add_option("--limit", command.options.limit, "At most so many")
      ->check(CLI::Range(std::size_t{1}, kMostShown))
      ->capture_default_str();
  command.app->add_flag("--all", command.options.all, "All of them");
}

}  // namespace

void add_query_commands(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static QueryOptions options;
  const Command status = add_command(app, options, "status", "Version, uptime, sessions and totals");
  status.app->callback([&exit_code] { exit_code = run_status(options); });

  const Command backends = add_command(app, options, "backends", "Every backend: health, mode, sessions");
  backends.app->callback([&exit_code] { exit_code = run_backends(options); });

  const Command affinity = add_command(app, options, "affinity", "The affinity table, or the pin of one key");
  affinity.app->add_option("KEY", options.key, "As the table shows it, or the address of a client");
  affinity.app->add_option("--kind", options.kind, "cookie, client_ip, header, query or path");
  add_listing(affinity);
  affinity.app->callback([&exit_code] { exit_code = run_affinity(options); });

  const Command sessions = add_command(app, options, "sessions", "Live sessions");
  add_listing(sessions);
  sessions.app->callback([&exit_code] { exit_code = run_sessions(options); });
}

}  // namespace limpet::app
