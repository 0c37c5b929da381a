// limpet demo: three echo backends, the proxy and the admin endpoint in one process, and commands to try on
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace limpet::app {

struct DemoOptions {
  std::uint16_t port = 8080;         // taken if it is free, else any
  std::uint16_t admin_port = 9900;   // likewise
  std::optional<Duration> how_long;  // none = until a signal
};

// Sets how_long; false when `text` is not a duration.
[[nodiscard]] bool parse_demo_duration(std::string_view text, DemoOptions& options);

// Serves until a signal or the time ends it. Answers the exit code.
[[nodiscard]] int run_demo(const DemoOptions& options);

}  // namespace limpet::app
