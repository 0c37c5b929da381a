#include "app/query_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "admin/json.h"
#include "app/admin_command.h"
#include "app/exit_codes.h"
#include "app/explain_command.h"
#include "base/percent.h"
#include "console/query_tables.h"
#include "console/summary.h"

namespace limpet::app {

namespace {

using admin::Json;

constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kMostShown = 1'000'000;  // of --limit; --all has no bound

struct QueryOptions {
  AdminOptions common;
  // affinity and sessions
  std::string key;  // affinity: empty = list them
  std::string backend;
  std::string pool;
  std::string kind;
  std::size_t limit = 100;
  bool all = false;
  // affinity KEY
  std::string pin;  // a backend
  bool move = false;
  bool forget = false;
};

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
    gathered = fetch(options.common, {.target = target});
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
  return console::pins_table(page["entries"]) + more_note(page);
}

std::string session_page_text(const Json& page) {
  return console::sessions_table(page["sessions"]) + more_note(page);
}

int run_status(const QueryOptions& options) {
  const Fetched status = fetch(options.common, {.target = "/v1/status"});
  if (options.common.json || !status.problem.empty()) {
    return report(options.common, status, nullptr);
  }
  const Fetched backends = fetch(options.common, {.target = "/v1/backends"});
  if (!backends.problem.empty()) {
    return report(options.common, backends, nullptr);
  }
  std::cout << console::status_summary(status.json, backends.json) << std::flush;
  return kFine;
}

int run_backends(const QueryOptions& options) {
  return report(options.common, fetch(options.common, {.target = "/v1/backends"}),
                [](const Json& json) { return console::backends_table(json["backends"]); });
}

// What is asked or said of one key.
AdminCall key_call(const QueryOptions& options) {
  AdminCall call{.target = "/v1/affinity/" + percent_encode(options.key)};
  // GET /v1/affinity/explain is another call.
  if (options.key == "explain") {
    call.target = "/v1/affinity/%65xplain";
  }
  add_parameter(call.target, "pool", options.pool);
  add_parameter(call.target, "kind", options.kind);
  if (options.forget) {
    call.method = "DELETE";
  } else if (!options.pin.empty()) {
    call.method = "PUT";
    call.body = Json{{"backend", options.pin}, {"move", options.move}}.dump();
  }
  return call;
}

int run_affinity(const QueryOptions& options) {
  if (options.key.empty() && (options.forget || !options.pin.empty())) {
    std::cerr << "limpet: --pin and --forget need the KEY of one client\n";
    return kBadUsage;
  }
  if (options.key.empty()) {
    return report(options.common, fetch_pages(options, "/v1/affinity", "entries"), pin_page_text);
  }
  if (!options.backend.empty() || options.all) {
    std::cerr << "limpet: --backend and --all are for the list, not for one key\n";
    return kBadUsage;
  }
  return report(options.common, fetch(options.common, key_call(options)),
                [](const Json& pin) { return console::pins_table(Json::array({pin})); });
}

int run_sessions(const QueryOptions& options) {
  return report(options.common, fetch_pages(options, "/v1/sessions", "sessions"), session_page_text);
}

void add_listing(CLI::App* command, QueryOptions& options) {
  command->add_option("--backend", options.backend, "Only those on this backend");
  command->add_option("--pool", options.pool, "The pool of that backend or key, where names repeat");
  command->add_option("--limit", options.limit, "At most so many")
      ->check(CLI::Range(std::size_t{1}, kMostShown))
      ->capture_default_str();
  command->add_flag("--all", options.all, "All of them");
}

}  // namespace

void add_query_commands(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static QueryOptions options;
  CLI::App* const status =
      add_admin_command(app, options.common, "status", "What is wrong, and how it is: warnings first");
  status->callback([&exit_code] { exit_code = run_status(options); });

  CLI::App* const backends =
      add_admin_command(app, options.common, "backends", "Every backend: health, mode, sessions");
  backends->callback([&exit_code] { exit_code = run_backends(options); });

  CLI::App* const affinity =
      add_admin_command(app, options.common, "affinity", "The affinity table, or the pin of one key");
  affinity->add_option("KEY", options.key, "As the table shows it, or the address of a client");
  affinity->add_option("--kind", options.kind, "cookie, client_ip, header, query or path");
  CLI::Option* const pin = affinity->add_option("--pin", options.pin, "Pin the key to this backend");
  affinity->add_flag("--move", options.move, "With --pin: send its live sessions there too")->needs(pin);
  affinity->add_flag("--forget", options.forget, "Forget the pin")->excludes(pin);
  add_listing(affinity, options);
  add_explain_command(*affinity, exit_code);
  affinity->callback([&exit_code, affinity] {
    if (affinity->get_subcommands().empty()) {  // else that has run
      exit_code = run_affinity(options);
    }
  });

  CLI::App* const sessions = add_admin_command(app, options.common, "sessions", "Live sessions");
  add_listing(sessions, options);
  sessions->callback([&exit_code] { exit_code = run_sessions(options); });
}

}  // namespace limpet::app
