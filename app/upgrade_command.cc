#include "app/upgrade_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "admin/json.h"
#include "app/admin_client.h"
#include "app/admin_token.h"
#include "app/exit_codes.h"

namespace limpet::app {

namespace {

using admin::Json;

// Longer than the endpoint itself waits for the new process.
constexpr Duration kUpgradePatience = std::chrono::seconds(95);
constexpr Duration kLookEvery = std::chrono::seconds(1);
constexpr int kNotUpgraded = kBadConfiguration;

struct Options {
  std::string admin = "http://127.0.0.1:9900";
  std::string token_file;
  bool wait = false;
  bool json = false;
};

int fail(const std::string& problem, int exit_code) {
  std::cerr << "limpet: " << problem << "\n";
  return exit_code;
}

// The sessions that are left in the process that was replaced; none when it has gone.
std::optional<std::uint64_t> sessions_left(const AdminClient& client) {
  const auto answer = client.get("/v1/status");
  const Json status = answer.ok() ? Json::parse(answer->body, nullptr, false) : Json();
  const bool is_there = status.is_object() && status.contains("predecessor") &&
                        status["predecessor"].is_object() && status["predecessor"].contains("sessions");
  return is_there ? std::optional(status["predecessor"]["sessions"].get<std::uint64_t>()) : std::nullopt;
}

void show_until_gone(const AdminClient& client) {
  std::optional<std::uint64_t> shown;
  for (auto left = sessions_left(client); left; left = sessions_left(client)) {
    if (left != shown) {
      std::cout << *left << " sessions left in the old process\n" << std::flush;
      shown = left;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  std::cout << "the old process has left\n";
}

int run_upgrade(const Options& options) {
  auto token = admin_token(options.token_file, std::getenv("LIMPET_ADMIN_TOKEN"));
  if (!token.ok()) {
    return fail(token.error().detail, kBadUsage);
  }
  const auto client = AdminClient::at(options.admin, std::move(token).value());
  if (!client.ok()) {
    return fail("--admin: " + client.error().detail, kBadUsage);
  }
  const auto answer = client->call({.method = "POST", .target = "/v1/upgrade", .patience = kUpgradePatience});
  if (!answer.ok()) {
    return fail(answer.error().detail, kNotUpgraded);
  }
  const Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object() || !json.contains("pid")) {
    const bool has_detail = json.is_object() && json.contains("detail") && json["detail"].is_string();
    return fail(has_detail ? json["detail"].get<std::string>()
                           : "it answered status " + std::to_string(answer->status),
                kNotUpgraded);
  }
  std::cout << (options.json ? json.dump() : "process " + json["pid"].dump() + " serves now") << "\n"
            << std::flush;
  if (options.wait) {
    show_until_gone(*client);
  }
  return kFine;
}

}  // namespace

void add_upgrade_command(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static Options options;
  CLI::App* const upgrade =
      app.add_subcommand("upgrade", "Start the program anew and hand over to it, without losing anybody");
  upgrade->add_option("--admin", options.admin, "Admin endpoint: http://host:port or unix:/path")
      ->capture_default_str();
  upgrade->add_option("--token-file", options.token_file,
                      "File with the token of the endpoint; without it LIMPET_ADMIN_TOKEN counts");
  upgrade->add_flag("--wait", options.wait,
                    "Show the sessions that are left in the old process until it has gone");
  upgrade->add_flag("--json", options.json, "Print the answer as JSON");
  upgrade->callback([&exit_code] { exit_code = run_upgrade(options); });
}

}  // namespace limpet::app
