#include "app/explain_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "app/admin_command.h"
#include "base/number.h"
#include "console/explain_text.h"

namespace limpet::app {

namespace {

// Longer than the endpoint itself takes.
constexpr Duration kForecastPatience = std::chrono::seconds(65);

struct ExplainOptions {
  AdminOptions common;
  std::string client_ip;
  std::string cookie;
  std::string header;
  std::string query;
  std::string path;
  std::string pool;
  std::string without;
  std::string with;  // NAME or NAME=WEIGHT
};

struct Newcomer {
  std::string name;
  std::string weight;  // empty: not said
};

// A name may have an equals sign: only what is a number behind the last one is a weight.
Newcomer newcomer_of(const std::string& with) {
  const auto equals = with.rfind('=');
  if (equals == std::string::npos ||
      !whole_number<std::uint32_t>(std::string_view(with).substr(equals + 1))) {
    return {with, ""};
  }
  return {with.substr(0, equals), with.substr(equals + 1)};
}

int run_explain(const ExplainOptions& options) {
  std::string target = "/v1/affinity/explain";
  add_parameter(target, "client_ip", options.client_ip);
  add_parameter(target, "cookie", options.cookie);
  add_parameter(target, "header", options.header);
  add_parameter(target, "query", options.query);
  add_parameter(target, "path", options.path);
  add_parameter(target, "pool", options.pool);
  const Newcomer newcomer = newcomer_of(options.with);
  add_parameter(target, "without", options.without);
  add_parameter(target, "with", newcomer.name);
  add_parameter(target, "weight", newcomer.weight);
  const bool is_forecast = !options.without.empty() || !options.with.empty();
  AdminCall call{.target = target};
  call.patience = is_forecast ? kForecastPatience : call.patience;
  return report(options.common, fetch(options.common, call),
                is_forecast ? console::forecast_text : console::explanation_text);
}

}  // namespace

void add_explain_command(CLI::App& affinity, int& exit_code) {
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static ExplainOptions options;
  CLI::App* const explain =
      add_admin_command(affinity, options.common, "explain",
                        "Where a client would go and why; or who would move with other backends");
  explain->add_option("--client-ip", options.client_ip, "The address of the client");
  explain->add_option("--cookie", options.cookie, "The value of its affinity cookie");
  explain->add_option("--header", options.header, "The value of the header that the pool keys on");
  explain->add_option("--query", options.query, "The value of the query parameter that the pool keys on");
  explain->add_option("--path", options.path, "The path that it asks for");
  explain->add_option("--pool", options.pool, "The pool, where there are several");
  explain->add_option("--without", options.without,
                      "What if this backend were taken out: who would move where");
  explain->add_option("--with", options.with, "What if this one were added: NAME, or NAME=WEIGHT");
  explain->callback([&exit_code] { exit_code = run_explain(options); });
}

}  // namespace limpet::app
