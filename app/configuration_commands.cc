#include "app/configuration_commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "app/admin_client.h"
#include "app/admin_token.h"
#include "app/configuration_texts.h"
#include "app/exit_codes.h"

namespace limpet::app {

namespace {

using admin::Json;

constexpr int kUnprocessable = 422;  // a file with mistakes: the answer tells them
constexpr int kFirstFailure = 300;

struct Options {
  std::string admin = "http://127.0.0.1:9900";
  std::string token_file;
  bool json = false;
  bool plan = false;
  std::string address;
  std::string name;
  std::string pool;
  std::string weight;
};

// What was answered, or the exit code and what was wrong.
struct Answered {
  int exit_code = kFine;
  std::string problem{};
  Json json{};
};

Answered call(const Options& options, const AdminCall& wanted) {
  auto token = admin_token(options.token_file, std::getenv("LIMPET_ADMIN_TOKEN"));
  if (!token.ok()) {
    return {.exit_code = kBadUsage, .problem = token.error().detail};
  }
  const auto client = AdminClient::at(options.admin, std::move(token).value());
  if (!client.ok()) {
    return {.exit_code = kBadUsage, .problem = "--admin: " + client.error().detail};
  }
  const auto answer = client->call(wanted);
  if (!answer.ok()) {
    return {.exit_code = kBadConfiguration, .problem = answer.error().detail};
  }
  Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object()) {
    return {.exit_code = kBadConfiguration,
            .problem = options.admin + " does not answer like an admin endpoint of limpet"};
  }
  if (answer->status >= kFirstFailure && answer->status != kUnprocessable) {
    const std::string detail = json.contains("detail") && json["detail"].is_string()
                                   ? json["detail"].get<std::string>()
                                   : "it answered status " + std::to_string(answer->status);
    return {.exit_code = kBadConfiguration, .problem = detail};
  }
  return {.exit_code = answer->status == kUnprocessable ? kBadConfiguration : kFine, .json = std::move(json)};
}

// Prints and answers the exit code. `to_text` is for people.
int report(const Options& options, const Answered& answered, std::string (*to_text)(const Json&)) {
  if (!answered.problem.empty()) {
    std::cerr << "limpet: " << answered.problem << "\n";
    return answered.exit_code;
  }
  std::cout << (options.json ? answered.json.dump() + "\n" : to_text(answered.json)) << std::flush;
  return answered.exit_code;
}

int run_reload(const Options& options) {
  const AdminCall wanted{.method = "POST", .target = options.plan ? "/v1/reload?plan=true" : "/v1/reload"};
  const Answered answered = call(options, wanted);
  if (answered.problem.empty() && !options.json) {
    std::cerr << reload_errors_text(answered.json);
  }
  return report(options, answered, options.plan ? plan_text : reload_text);
}

// Numbers are checked by who is asked, as those of a file are: a text will do.
int run_add(const Options& options) {
  Json body{{"address", options.address}};
  const std::pair<const char*, const std::string*> optional[] = {
      {"name", &options.name}, {"pool", &options.pool}, {"weight", &options.weight}};
  for (const auto& [key, text] : optional) {
    if (!text->empty()) {
      body[key] = *text;
    }
  }
  return report(options, call(options, {.method = "POST", .target = "/v1/backends", .body = body.dump()}),
                added_text);
}

std::string backend_target(const Options& options, const std::string& action) {
  return "/v1/backends/" + percent_encode(options.name) + action +
         (options.pool.empty() ? "" : "?pool=" + percent_encode(options.pool));
}

int run_remove(const Options& options) {
  return report(options, call(options, {.method = "DELETE", .target = backend_target(options, "")}),
                removed_text);
}

int run_weight(const Options& options) {
  const Json body{{"weight", options.weight}};
  return report(
      options,
      call(options, {.method = "POST", .target = backend_target(options, "/weight"), .body = body.dump()}),
      weight_text);
}

CLI::App* add_command(CLI::App& app, Options& options, const std::string& name, const std::string& help) {
  CLI::App* const command = app.add_subcommand(name, help);
  command->add_option("--admin", options.admin, "Admin endpoint: http://host:port or unix:/path")
      ->capture_default_str();
  command->add_option("--token-file", options.token_file,
                      "File with the token of the endpoint; without it LIMPET_ADMIN_TOKEN counts");
  command->add_flag("--json", options.json, "Print the answer as JSON");
  return command;
}

}  // namespace

void add_configuration_commands(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static Options options;
  CLI::App* const reload = add_command(app, options, "reload", "Apply the configuration file");
  reload->add_flag("--plan", options.plan, "Only tell what would change, and how many sessions feel it");
  reload->callback([&exit_code] { exit_code = run_reload(options); });

  CLI::App* const add = add_command(app, options, "add", "Add a backend until the next reload");
  add->add_option("ADDRESS", options.address, "host:port, [v6]:port or unix:/path")->required();
  add->add_option("--name", options.name, "Its name; without it the address");
  add->add_option("--pool", options.pool, "Its pool, where there are several");
  add->add_option("--weight", options.weight, "Its share of the clients");
  add->callback([&exit_code] { exit_code = run_add(options); });

  CLI::App* const remove = add_command(app, options, "remove", "Remove a backend until the next reload");
  remove->add_option("NAME", options.name, "The backend")->required();
  remove->add_option("--pool", options.pool, "Its pool, where names repeat");
  remove->callback([&exit_code] { exit_code = run_remove(options); });

  CLI::App* const weight = add_command(app, options, "weight", "Give a backend another weight");
  weight->add_option("NAME", options.name, "The backend")->required();
  weight->add_option("WEIGHT", options.weight, "1 to 1000")->required();
  weight->add_option("--pool", options.pool, "Its pool, where names repeat");
  weight->callback([&exit_code] { exit_code = run_weight(options); });
}

}  // namespace limpet::app
