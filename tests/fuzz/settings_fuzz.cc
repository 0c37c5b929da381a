// Any text is either a configuration or a list of problems; a configuration survives being printed and read
// again.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "settings/difference.h"
#include "settings/load.h"

namespace {

void require(bool holds, const char* rule, const std::string& shown) {
  if (!holds) {
    std::fprintf(stderr, "broken rule: %s\n%s\n", rule, shown.c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpet::settings;
  const std::string text(data, data + size);
  const Loaded loaded = load_text(text, "fuzz");
  if (const auto* problems = std::get_if<Problems>(&loaded)) {
    require(!problems->empty(), "a refusal says why", text);
    for (const Problem& problem : *problems) {
      require(!problem.message.empty(), "a problem has a message", problem.to_string());
    }
    return 0;
  }
  const Settings& settings = std::get<Settings>(loaded);
  const std::string printed = print(settings);
  const Loaded again = load_text(printed, "printed");
  const auto* reloaded = std::get_if<Settings>(&again);
  require(reloaded != nullptr, "what is printed loads", printed);
  require(*reloaded == settings, "what is printed means the same", printed);
  require(difference(settings, *reloaded).empty(), "the same has no difference", printed);
  Settings kept;
  kept.pools = settings.pools;
  keep_what_needs_restart(settings, kept);
  for (const Change& change : difference(settings, kept)) {
    require(change.is_reloadable, "what needs a restart is kept", change.key);
  }
  return 0;
}
