// How a backend is, in one word, and whether it takes clients: what the table, the warnings and the plans of
// the command line agree on. Pure. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "console/json.h"

namespace limpet::console {

// The worse, the higher.
enum class Look : std::uint8_t { Good, Unknown, Leaving, Bad };

struct BackendState {
  std::string_view word;
  Look look = Look::Good;
};

// Of one backend of GET /v1/backends.
[[nodiscard]] BackendState state_of(const Json& backend);
[[nodiscard]] bool takes_clients(const Json& backend);
// Its sessions are sent away by an operator's word, at the pace that the pool shares.
[[nodiscard]] bool is_closing_drain(const Json& backend);

}  // namespace limpet::console
