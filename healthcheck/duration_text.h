// A duration as it is written in the configuration, for people. Pure.
#pragma once

#include <string>

#include "base/clock.h"

namespace limpet::healthcheck {

[[nodiscard]] inline std::string text_of(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return seconds == duration ? std::to_string(seconds.count()) + "s"
                             : std::to_string(duration.count()) + "ms";
}

}  // namespace limpet::healthcheck
