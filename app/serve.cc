#include "app/serve.h"

#include <csignal>
#include <iostream>
#include <utility>

#include "app/exit_codes.h"

namespace limpet::app {

void report(const settings::Problems& problems) {
  for (const settings::Problem& problem : problems) {
    std::cerr << problem.to_string() << "\n";
  }
}

void ignore_early_signals() {
  net::BlockedSignal::block(SIGHUP);
  std::signal(SIGUSR1, SIG_IGN);
}

int serve(settings::Settings settings, const std::string& file, Launch launch,
          const std::function<void(Log&)>& before_start, const std::function<void(Server&)>& when_started) {
  auto log = Log::open({settings.log.level, settings.log.format, settings.log.file});
  if (!log.ok()) {
    std::cerr << "limpet: " << log.error().detail << " (log.file)\n";
    launch.fail(log.error().detail + " (log.file)");
    return kCannotStart;
  }
  for (const int number : {SIGPIPE, SIGXFSZ}) {  // the write fails, which is enough
    std::signal(number, SIG_IGN);
  }
  before_start(**log);
  auto server = Server::start(std::move(settings), **log, {.file = file, .launch = std::move(launch)});
  if (!server.ok()) {
    std::cerr << "limpet: " << server.error().detail << "\n";
    return kCannotStart;
  }
  when_started(**server);
  (*server)->run();
  return kFine;
}

}  // namespace limpet::app
