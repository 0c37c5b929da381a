#include "app/upgrade_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "app/admin_command.h"
#include "app/progress_line.h"
#include "app/terminal.h"
#include "console/progress.h"

namespace limpet::app {

namespace {

using admin::Json;

// Longer than the endpoint itself waits for the new process.
constexpr Duration kUpgradePatience = std::chrono::seconds(95);
constexpr Duration kLookEvery = std::chrono::seconds(1);

struct UpgradeOptions {
  AdminOptions common;
  bool wait = false;
  bool no_wait = false;
};

double now_in_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The sessions that are left in the process that was replaced; none when it has gone.
std::optional<std::uint64_t> sessions_left(const AdminOptions& options) {
  const Fetched status = fetch(options, {.target = "/v1/status"});
  const bool is_there = status.problem.empty() && status.json.contains("predecessor") &&
                        status.json["predecessor"].is_object() &&
                        status.json["predecessor"].contains("sessions");
  return is_there ? std::optional(status.json["predecessor"]["sessions"].get<std::uint64_t>()) : std::nullopt;
}

void show_until_gone(const AdminOptions& options) {
  ProgressLine line;
  console::UpgradeProgress progress;
  for (auto left = sessions_left(options); left; left = sessions_left(options)) {
    progress.take(static_cast<double>(*left), now_in_seconds());
    line.show(line.is_rewritten() ? progress.line() : progress.plain());
    std::this_thread::sleep_for(kLookEvery);
  }
  line.end();
  std::cout << "the old process has left\n";
}

std::string served_text(const Json& answer) {
  return "process " + answer.value("pid", Json(nullptr)).dump() + " serves now\n";
}

// The new process reads its configuration, takes the sockets over and serves: some seconds.
Fetched start_upgrade(const UpgradeOptions& options) {
  ProgressLine line;
  if (line.is_rewritten() && !options.common.json) {
    line.show("waiting for the new process to serve ...");
  }
  return fetch(options.common, {.method = "POST", .target = "/v1/upgrade", .patience = kUpgradePatience});
}

int run_upgrade(const UpgradeOptions& options) {
  const Fetched answer = start_upgrade(options);
  const int exit_code = report(options.common, answer, served_text);
  // As with drain: a script that has not asked for it does not wait.
  const bool is_watched = output_is_terminal() && !options.common.json && !options.no_wait;
  if ((options.wait || is_watched) && answer.problem.empty()) {
    show_until_gone(options.common);
  }
  return exit_code;
}

}  // namespace

void add_upgrade_command(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static UpgradeOptions options;
  CLI::App* const upgrade = add_admin_command(
      app, options.common, "upgrade", "Start the program anew and hand over to it, without losing anybody");
  CLI::Option* const wait = upgrade->add_flag(
      "--wait", options.wait,
      "Show the sessions that are left in the old process until it has gone; on a terminal it does");
  upgrade->add_flag("--no-wait", options.no_wait, "Only hand over, also on a terminal")->excludes(wait);
  upgrade->callback([&exit_code] { exit_code = run_upgrade(options); });
}

}  // namespace limpet::app
