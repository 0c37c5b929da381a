#include "app/run_commands.h"

#include <iostream>
#include <utility>
#include <variant>

#include "app/certificates.h"
#include "app/exit_codes.h"
#include "app/serve.h"
#include "settings/load.h"

namespace limpet::app {

namespace {

std::string text_of(const settings::Problems& problems) {
  std::string text;
  for (const settings::Problem& problem : problems) {
    text.append(text.empty() ? "" : "; ").append(problem.to_string());
  }
  return text;
}

// With what is wrong with the certificates that it names.
settings::Loaded load_with_certificates(const std::string& file) {
  auto loaded = settings::load_file_with_places(file);
  if (auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    return std::move(*problems);
  }
  auto& [settings, places] = std::get<settings::LoadedFile>(loaded);
  const auto certificates = Certificates().load(settings);
  if (const auto* const problems = std::get_if<std::vector<TlsProblem>>(&certificates)) {
    return problems_of(*problems, places);
  }
  return std::move(settings);
}

}  // namespace

int run_file(const std::string& file) {
  ignore_early_signals();
  auto launch = Launch::of_this_process();
  if (!launch.ok()) {
    std::cerr << "limpet: " << launch.error().detail << "\n";
    return kCannotStart;
  }
  auto loaded = load_with_certificates(file);
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    launch->fail(text_of(*problems));
    return kBadConfiguration;
  }
  return serve(
      std::move(std::get<settings::Settings>(loaded)), file, std::move(launch).value(),
      [&file](Log& log) {
        log.info("starting", {{"version", LIMPET_VERSION}, {"file", file}});
      },
      [](Server&) {});
}

int check_file(const std::string& file, bool print) {
  const auto loaded = load_with_certificates(file);
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    return kBadConfiguration;
  }
  std::cout << (print ? settings::print(std::get<settings::Settings>(loaded)) : "ok\n");
  return kFine;
}

}  // namespace limpet::app
