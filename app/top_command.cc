#include "app/top_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "app/admin_command.h"
#include "app/terminal.h"
#include "app/top_live.h"
#include "app/top_watch.h"
#include "console/top_screen.h"

namespace limpet::app {

namespace {

using console::Json;

struct TopOptions {
  AdminOptions common;
  bool once = false;
  double interval_s = 0;  // 0 = not said
};

Json report_json(const TopLook& look) {
  Json sessions = Json::array();
  for (const Json& page : look.session_pages) {
    for (const Json& session : console::list(page, "sessions")) {
      sessions.push_back(session);
    }
  }
  return {{"status", look.answers.status},
          {"backends", console::field(look.answers.backends, "backends")},
          {"sessions", std::move(sessions)},
          {"events", console::field(look.answers.events, "events")}};
}

// One report, or one each time.
int run_reports(const TopOptions& options) {
  constexpr auto kBetweenLooks = std::chrono::seconds(1);  // rates need two
  const bool repeats = options.interval_s > 0 && !options.once;
  const auto pause = std::chrono::duration<double>(options.interval_s);
  console::TopReader reader;
  for (bool is_first = true;; is_first = false) {
    const TopLook look = look_once(options.common, reader);
    if (!look.answers.problem.empty()) {
      std::cerr << "limpet: " << look.answers.problem << "\n";
      return kBadConfiguration;
    }
    take(reader, look);
    const bool is_wanted = options.common.json || !is_first;
    if (is_wanted) {
      std::cout << (options.common.json ? report_json(look).dump() + "\n"
                                        : console::report_of(reader.model(), {}) + (repeats ? "\n" : ""))
                << std::flush;
    }
    if (!std::cout || (is_wanted && !repeats)) {
      return kFine;
    }
    if (is_wanted) {
      std::this_thread::sleep_for(pause);
    } else {
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }
}

}  // namespace

void add_top_command(CLI::App& app, int& exit_code) {
  constexpr double kShortest = 1;  // the endpoint is not to be flooded
  constexpr double kLongest = 86'400;
  // CLI11 writes into it while parsing, which happens once, after this function has returned.
  static TopOptions options;
  CLI::App* const top = add_admin_command(
      app, options.common, "top", "Live view: backends, rates, the worst sessions, events; ? shows the keys");
  CLI::Option* const once =
      top->add_flag("--once", options.once, "Print one report and end, also on a terminal");
  top->add_option("--interval", options.interval_s, "Print a report every so many seconds")
      ->check(CLI::Range(kShortest, kLongest))
      ->excludes(once);
  top->callback([&exit_code] {
    const Fetched first = fetch(options.common, {.target = "/v1/status"});
    if (!first.problem.empty()) {
      exit_code = report(options.common, first, nullptr);
      return;
    }
    const bool prints = options.once || options.interval_s > 0 || options.common.json || !is_interactive();
    exit_code = prints ? run_reports(options) : run_top_live(options.common);
  });
}

}  // namespace limpet::app
