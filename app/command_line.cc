#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "app/configuration_commands.h"
#include "app/demo.h"
#include "app/exit_codes.h"
#include "app/operator_commands.h"
#include "app/publish_command.h"
#include "app/query_commands.h"
#include "app/run_commands.h"
#include "app/top_command.h"
#include "app/upgrade_command.h"

namespace limpet::app {

namespace {

void add_run_commands(CLI::App& app, int& exit_code) {
  static std::string file;
  static bool print = false;
  auto* const run = app.add_subcommand("run", "Serve as a configuration file says");
  run->add_option("file", file, "Configuration file (YAML)")->required();
  run->callback([&exit_code] { exit_code = run_file(file); });

  auto* const check = app.add_subcommand("check", "Check a configuration file and tell every mistake");
  check->add_option("file", file, "Configuration file (YAML)")->required();
  check->add_flag("--print", print, "Print the effective configuration, defaults included");
  check->callback([&exit_code] { exit_code = check_file(file, print); });

  auto* const version = app.add_subcommand("version", "Print the version");
  version->callback([&exit_code] {
    std::cout << "limpet " << LIMPET_VERSION << "\n";
    exit_code = kFine;
  });
}

void add_demo_command(CLI::App& app, int& exit_code) {
  static DemoOptions options;
  static std::string how_long;
  auto* const demo =
      app.add_subcommand("demo", "Three built-in echo backends, the proxy and the admin endpoint");
  demo->add_option("--for", how_long, "End by itself after this time, for example 10s");
  demo->add_option("--port", options.port, "Port of the proxy; 0 = any")->capture_default_str();
  demo->add_option("--admin-port", options.admin_port, "Port of the admin endpoint; 0 = any")
      ->capture_default_str();
  demo->callback([&exit_code] {
    if (!how_long.empty() && !parse_demo_duration(how_long, options)) {
      std::cerr << "limpet: --for: expected a duration such as 10s or 2m, not \"" << how_long << "\"\n";
      exit_code = kBadUsage;
      return;
    }
    exit_code = run_demo(options);
  });
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("limpet: a sticky-session load balancer for WebSocket traffic", "limpet");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("limpet ") + LIMPET_VERSION);
  int exit_code = kFine;
  add_run_commands(app, exit_code);
  add_demo_command(app, exit_code);
  add_query_commands(app, exit_code);
  add_top_command(app, exit_code);
  add_operator_commands(app, exit_code);
  add_publish_command(app, exit_code);
  add_configuration_commands(app, exit_code);
  add_upgrade_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // how CLI11 tells of --help and of bad usage alike
    return app.exit(error) == 0 ? kFine : kBadUsage;
  }
  return exit_code;
}

}  // namespace limpet::app
