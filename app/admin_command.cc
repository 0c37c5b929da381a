#include "app/admin_command.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "app/admin_token.h"
#include "base/percent.h"

namespace limpet::app {

namespace {

using admin::Json;

// No answer, or one that says an error.
constexpr int kNoAnswer = kBadConfiguration;
constexpr int kFirstFailure = 300;
constexpr int kUnprocessable = 422;

// The sentence of an error answer.
std::string problem_of(const AdminAnswer& answer) {
  const Json json = Json::parse(answer.body, nullptr, false);
  const bool has_detail = json.is_object() && json.contains("detail") && json["detail"].is_string();
  return has_detail ? json["detail"].get<std::string>()
                    : "it answered status " + std::to_string(answer.status);
}

}  // namespace

Fetched fetch(const AdminOptions& options, const AdminCall& call) {
  auto token = admin_token(options.token_file, std::getenv("LIMPET_ADMIN_TOKEN"));
  if (!token.ok()) {
    return {.exit_code = kBadUsage, .problem = token.error().detail};
  }
  const auto client = AdminClient::at(options.admin, std::move(token).value());
  if (!client.ok()) {
    return {.exit_code = kBadUsage, .problem = "--admin: " + client.error().detail};
  }
  const auto answer = client->call(call);
  if (!answer.ok()) {
    return {.exit_code = kNoAnswer, .problem = answer.error().detail};
  }
  if (answer->status >= kFirstFailure && answer->status != kUnprocessable) {
    return {.exit_code = kNoAnswer, .problem = problem_of(*answer)};
  }
  Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object()) {
    return {.exit_code = kNoAnswer,
            .problem = options.admin + " does not answer like an admin endpoint of limpet"};
  }
  return {.exit_code = answer->status == kUnprocessable ? kBadConfiguration : kFine, .json = std::move(json)};
}

int report(const AdminOptions& options, const Fetched& fetched, std::string (*to_text)(const admin::Json&)) {
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

CLI::App* add_admin_command(CLI::App& app, AdminOptions& options, const std::string& name,
                            const std::string& help) {
  CLI::App* const command = app.add_subcommand(name, help);
  command->add_option("--admin", options.admin, "Admin endpoint: http://host:port or unix:/path")
      ->capture_default_str();
  command->add_option("--token-file", options.token_file,
                      "File with the token of the endpoint; without it LIMPET_ADMIN_TOKEN counts");
  command->add_flag("--json", options.json, "Print the answer as JSON");
  return command;
}

}  // namespace limpet::app
