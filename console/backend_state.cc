#include "console/backend_state.h"

namespace limpet::console {

BackendState state_of(const Json& backend) {
  const std::string health = text(backend, "health");
  const std::string mode = text(backend, "mode");
  if (is_true(backend, "leaving")) {
    return {"removed, leaving", Look::Leaving};
  }
  if (mode == "disabled") {
    return {"disabled", Look::Bad};
  }
  if (health == "down") {
    return {mode == "draining" ? "down, draining" : "down", Look::Bad};
  }
  if (mode == "draining") {
    return {is_true(field(backend, "drain"), "resting") ? "drain rests" : "draining", Look::Leaving};
  }
  if (!field(backend, "ejected_until").is_null()) {
    return {"kept back", Look::Leaving};
  }
  if (health == "awaited") {
    return {"awaited", Look::Unknown};
  }
  return health == "up" ? BackendState{"up", Look::Good} : BackendState{"unknown", Look::Unknown};
}

bool takes_clients(const Json& backend) {
  const std::string health = text(backend, "health");
  return text(backend, "mode") == "enabled" && !is_true(backend, "leaving") &&
         field(backend, "ejected_until").is_null() && (health == "up" || health == "unknown");
}

bool is_closing_drain(const Json& backend) {
  return text(backend, "mode") == "draining" && is_true(field(backend, "drain"), "close");
}

}  // namespace limpet::console
