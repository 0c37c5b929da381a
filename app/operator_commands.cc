#include "app/operator_commands.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "app/admin_command.h"
#include "app/progress_line.h"
#include "app/terminal.h"
#include "base/percent.h"
#include "console/json.h"
#include "console/progress.h"
#include "console/query_tables.h"

namespace limpet::app {

namespace {

using admin::Json;

constexpr auto kLookEvery = std::chrono::milliseconds(500);

struct OperatorOptions {
  AdminOptions common;
  std::string name;
  std::string pool;
  std::string rate;  // drain; empty: that of the pool
  bool no_close = false;
  bool wait = false;
  bool no_wait = false;
  std::string session;
};

std::string one_backend(const Json& backend) {
  return console::backends_table(Json::array({backend}));
}

AdminCall mode_call(const OperatorOptions& options, std::string_view word) {
  AdminCall call{.method = "POST",
                 .target = "/v1/backends/" + percent_encode(options.name) + "/" + std::string(word)};
  add_parameter(call.target, "pool", options.pool);
  return call;
}

// The backend of that name and pool as it is now; an object without a drain when it is gone.
Fetched look(const OperatorOptions& options, const std::string& pool) {
  Fetched fetched = fetch(options.common, {.target = "/v1/backends"});
  for (const Json& backend : fetched.problem.empty() ? fetched.json["backends"] : Json::array()) {
    if (backend["name"] == options.name && backend["pool"] == pool) {
      fetched.json = Json(backend);
      return fetched;
    }
  }
  fetched.json = {{"name", options.name}, {"drain", nullptr}};
  return fetched;
}

// Shows how it goes on until nobody is left.
int wait_for_end(const OperatorOptions& options, Fetched fetched) {
  const std::string pool = console::text(fetched.json, "pool");
  ProgressLine progress;
  if (progress.is_rewritten() && !options.common.json) {
    std::cout << "the drain goes on by itself: Ctrl-C ends the waiting alone\n";
  }
  for (; fetched.problem.empty(); fetched = look(options, pool)) {
    const Json& drain = console::field(fetched.json, "drain");
    if (console::text(drain, "cause") != "drained") {
      progress.end();
      std::cerr << "limpet: somebody else has ended the drain\n";
      return kBadConfiguration;
    }
    if (!options.common.json) {
      progress.show(console::drain_progress(drain));
    }
    if (console::number(drain, "remaining") == 0) {
      break;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  progress.end();
  return report(options.common, fetched, one_backend);
}

// Somebody who looks on wants to see the end; a script that has not asked for it must not wait.
bool is_to_wait(const OperatorOptions& options) {
  const bool is_watched = output_is_terminal() && !options.common.json && !options.no_close;
  return options.wait || (is_watched && !options.no_wait);
}

int run_drain(const OperatorOptions& options) {
  AdminCall call = mode_call(options, "drain");
  Json body{{"close", !options.no_close}};
  if (!options.rate.empty()) {
    body["rate"] = options.rate;
  }
  call.body = body.dump();
  const Fetched fetched = fetch(options.common, call);
  return is_to_wait(options) && fetched.problem.empty() ? wait_for_end(options, fetched)
                                                        : report(options.common, fetched, one_backend);
}

int run_mode(const OperatorOptions& options, std::string_view word) {
  return report(options.common, fetch(options.common, mode_call(options, word)), one_backend);
}

int run_end(const OperatorOptions& options) {
  return report(options.common,
                fetch(options.common,
                      {.method = "DELETE", .target = "/v1/sessions/" + percent_encode(options.session)}),
                [](const Json& ended) { return "session " + ended["id"].dump() + " is leaving\n"; });
}

CLI::App* add_backend_command(CLI::App& app, OperatorOptions& options, const std::string& name,
                              const std::string& help) {
  CLI::App* const command = add_admin_command(app, options.common, name, help);
  command->add_option("NAME", options.name, "The backend")->required();
  command->add_option("--pool", options.pool, "Its pool, where names repeat");
  return command;
}

}  // namespace

void add_operator_commands(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static OperatorOptions options;
  CLI::App* const drain =
      add_backend_command(app, options, "drain", "Take a backend out of service and send its sessions away");
  drain->add_option("--rate", options.rate, "So many in a time, like 50/s; without it that of the pool");
  drain->add_flag("--no-close", options.no_close, "Only let no new clients in");
  CLI::Option* const wait = drain->add_flag(
      "--wait", options.wait, "Show how it goes on, until nobody is left; on a terminal it does");
  drain->add_flag("--no-wait", options.no_wait, "Only begin it, also on a terminal")->excludes(wait);
  drain->callback([&exit_code] { exit_code = run_drain(options); });

  CLI::App* const enable = add_backend_command(app, options, "enable", "Put a backend back into service");
  enable->callback([&exit_code] { exit_code = run_mode(options, "enable"); });

  CLI::App* const disable = add_backend_command(
      app, options, "disable", "Let nobody in, send its sessions away within the grace time");
  disable->callback([&exit_code] { exit_code = run_mode(options, "disable"); });

  CLI::App* const end = add_admin_command(app, options.common, "end", "End one session at a frame boundary");
  end->add_option("ID", options.session, "Its number, as limpet sessions shows it")->required();
  end->callback([&exit_code] { exit_code = run_end(options); });
}

}  // namespace limpet::app
