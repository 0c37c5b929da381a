#include "app/run_commands.h"

#include <iostream>
#include <utility>
#include <variant>

#include "app/exit_codes.h"
#include "app/serve.h"
#include "settings/load.h"

namespace limpet::app {

int run_file(const std::string& file) {
  ignore_hangup();
  auto loaded = settings::load_file(file);
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    return kBadConfiguration;
  }
  return serve(
      std::move(std::get<settings::Settings>(loaded)), file,
      [&file](Log& log) {
        log.info("starting", {{"version", LIMPET_VERSION}, {"file", file}});
      },
      [](Server&) {});
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
