#include "app/configuration_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <utility>

#include "app/admin_command.h"
#include "app/configuration_texts.h"
#include "base/percent.h"

namespace limpet::app {

namespace {

using admin::Json;

struct ConfigurationOptions {
  AdminOptions common;
  bool plan = false;
  std::string address;
  std::string name;
  std::string pool;
  std::string weight;
};

int run_reload(const ConfigurationOptions& options) {
  const AdminCall wanted{.method = "POST", .target = options.plan ? "/v1/reload?plan=true" : "/v1/reload"};
  const Fetched answered = fetch(options.common, wanted);
  if (answered.problem.empty() && !options.common.json) {
    std::cerr << reload_errors_text(answered.json);
  }
  return report(options.common, answered, options.plan ? plan_text : reload_text);
}

// Numbers are checked by who is asked, as those of a file are: a text will do.
int run_add(const ConfigurationOptions& options) {
  Json body{{"address", options.address}};
  const std::pair<const char*, const std::string*> optional[] = {
      {"name", &options.name}, {"pool", &options.pool}, {"weight", &options.weight}};
  for (const auto& [key, text] : optional) {
    if (!text->empty()) {
      body[key] = *text;
    }
  }
  return report(options.common,
                fetch(options.common, {.method = "POST", .target = "/v1/backends", .body = body.dump()}),
                added_text);
}

std::string backend_target(const ConfigurationOptions& options, const std::string& action) {
  return "/v1/backends/" + percent_encode(options.name) + action +
         (options.pool.empty() ? "" : "?pool=" + percent_encode(options.pool));
}

int run_remove(const ConfigurationOptions& options) {
  return report(options.common,
                fetch(options.common, {.method = "DELETE", .target = backend_target(options, "")}),
                removed_text);
}

int run_weight(const ConfigurationOptions& options) {
  const Json body{{"weight", options.weight}};
  return report(options.common,
                fetch(options.common,
                      {.method = "POST", .target = backend_target(options, "/weight"), .body = body.dump()}),
                weight_text);
}

}  // namespace

void add_configuration_commands(CLI::App& app, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static ConfigurationOptions options;
  CLI::App* const reload = add_admin_command(app, options.common, "reload", "Apply the configuration file");
  reload->add_flag("--plan", options.plan, "Only tell what would change, and how many sessions feel it");
  reload->callback([&exit_code] { exit_code = run_reload(options); });

  CLI::App* const add = add_admin_command(app, options.common, "add", "Add a backend until the next reload");
  add->add_option("ADDRESS", options.address, "host:port, [v6]:port or unix:/path")->required();
  add->add_option("--name", options.name, "Its name; without it the address");
  add->add_option("--pool", options.pool, "Its pool, where there are several");
  add->add_option("--weight", options.weight, "Its share of the clients");
  add->callback([&exit_code] { exit_code = run_add(options); });

  CLI::App* const remove =
      add_admin_command(app, options.common, "remove", "Remove a backend until the next reload");
  remove->add_option("NAME", options.name, "The backend")->required();
  remove->add_option("--pool", options.pool, "Its pool, where names repeat");
  remove->callback([&exit_code] { exit_code = run_remove(options); });

  CLI::App* const weight = add_admin_command(app, options.common, "weight", "Give a backend another weight");
  weight->add_option("NAME", options.name, "The backend")->required();
  weight->add_option("WEIGHT", options.weight, "1 to 1000")->required();
  weight->add_option("--pool", options.pool, "Its pool, where names repeat");
  weight->callback([&exit_code] { exit_code = run_weight(options); });
}

}  // namespace limpet::app
