// What an operator should know first, told from the answers of the admin endpoint. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "console/json.h"

namespace limpet::console {

// The worst first.
enum class Gravity : std::uint8_t {
  Fault,    // clients are turned away, or are about to be
  Warning,  // something is wrong or near its end
  Notice,   // under way, or to be remembered
};

struct Warning {
  Gravity gravity = Gravity::Notice;
  std::string text;  // one line, printable

  friend bool operator==(const Warning&, const Warning&) = default;
};

// `status` and `backends` are the answers of GET /v1/status and GET /v1/backends. The worst first, else in a
// fixed order, so that a list that is drawn every second stands still.
[[nodiscard]] std::vector<Warning> warnings_of(const Json& status, const Json& backends);

}  // namespace limpet::console
