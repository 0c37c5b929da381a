#include "app/upgrade_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "app/admin_command.h"

namespace limpet::app {

namespace {

using admin::Json;

// Longer than the endpoint itself waits for the new process.
constexpr Duration kUpgradePatience = std::chrono::seconds(95);
constexpr Duration kLookEvery = std::chrono::seconds(1);

struct UpgradeOptions {
  AdminOptions common;
  bool wait = false;
};

// The sessions that are left in the process that was replaced; none when it has gone.
std::optional<std::uint64_t> sessions_left(const AdminOptions& options) {
  const Fetched status = fetch(options, {.target = "/v1/status"});
  const bool is_there = status.problem.empty() && status.json.contains("predecessor") &&
                        status.json["predecessor"].is_object() &&
                        status.json["predecessor"].contains("sessions");
  return is_there ? std::optional(status.json["predecessor"]["sessions"].get<std::uint64_t>()) : std::nullopt;
}

void show_until_gone(const AdminOptions& options) {
  std::optional<std::uint64_t> shown;
  for (auto left = sessions_left(options); left; left = sessions_left(options)) {
    if (left != shown) {
      std::cout << *left << " sessions left in the old process\n" << std::flush;
      shown = left;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  std::cout << "the old process has left\n";
}

std::string served_text(const Json& answer) {
  return "process " + answer.value("pid", Json(nullptr)).dump() + " serves now\n";
}

int run_upgrade(const UpgradeOptions& options) {
  const Fetched answer =
      fetch(options.common, {.method = "POST", .target = "/v1/upgrade", .patience = kUpgradePatience});
  const int exit_code = report(options.common, answer, served_text);
  if (options.wait && answer.problem.empty()) {
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
  upgrade->add_flag("--wait", options.wait,
                    "Show the sessions that are left in the old process until it has gone");
  upgrade->callback([&exit_code] { exit_code = run_upgrade(options); });
}

}  // namespace limpet::app
