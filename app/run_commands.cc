#include "app/run_commands.h"

#include <sys/resource.h>

#include <csignal>
#include <iostream>
#include <variant>

#include "app/exit_codes.h"
#include "app/server.h"
#include "settings/load.h"

namespace limpet::app {

namespace {

void report(const settings::Problems& problems) {
  for (const settings::Problem& problem : problems) {
    std::cerr << problem.to_string() << "\n";
  }
}

// Every session takes two descriptors: use what the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int run_file(const std::string& file) {
  auto loaded = settings::load_file(file);
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    return kBadConfiguration;
  }
  auto& settings = std::get<settings::Settings>(loaded);
  auto log = Log::open({settings.log.level, settings.log.format, settings.log.file});
  if (!log.ok()) {
    std::cerr << "limpet: " << log.error().detail << " (log.file)\n";
    return kCannotStart;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  (*log)->info("starting", {{"version", LIMPET_VERSION}, {"file", file}});
  auto server = Server::start(std::move(settings), **log);
  if (!server.ok()) {
    std::cerr << "limpet: " << server.error().detail << "\n";
    return kCannotStart;
  }
  (*server)->run();
  return kFine;
}

int check_file(const std::string& file, bool print) {
  const auto loaded = settings::load_file(file);
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    return kBadConfiguration;
  }
  std::cout << (print ? settings::print(std::get<settings::Settings>(loaded)) : "ok\n");
  return kFine;
}

}  // namespace limpet::app
