#include "backends/backend.h"

namespace limpet::backends {

std::string_view word(Health health) noexcept {
  switch (health) {
    case Health::Unknown:
    case Health::Awaited:
      return "unknown";
    case Health::Up:
      return "up";
    case Health::Down:
      return "down";
  }
  return "unknown";
}

std::string_view word(Mode mode) noexcept {
  switch (mode) {
    case Mode::Enabled:
      return "enabled";
    case Mode::Draining:
      return "draining";
    case Mode::Disabled:
      return "disabled";
  }
  return "unknown";
}

}  // namespace limpet::backends
