#include "admin/backend_view.h"

#include <array>
#include <cstdio>

namespace limpet::admin {

namespace {

Json probe_json(const std::optional<ProbeInfo>& probe) {
  if (!probe) {
    return nullptr;
  }
  return {{"ok", probe->ok},
          {"detail", probe->detail},
          {"when", to_rfc3339(probe->when)},
          {"took_ms", probe->took.count()}};
}

Json drain_json(const std::optional<DrainInfo>& drain) {
  if (!drain) {
    return nullptr;
  }
  return {{"cause", drain->cause},
          {"since", to_rfc3339(drain->since)},
          {"told", drain->told},
          {"remaining", drain->remaining},
          {"leaving", drain->leaving},
          {"cut", drain->cut},
          {"rate", rate_text(drain->per_second)},
          {"eta_s", drain->eta ? seconds(*drain->eta) : Json(nullptr)},
          {"slowed", drain->slowed},
          {"resting", drain->resting},
          {"close", drain->closes}};
}

}  // namespace

std::string rate_text(double per_second) {
  constexpr std::size_t kLongest = 32;
  std::array<char, kLongest> text{};
  constexpr double kNoFraction = 1000;  // from there on %g would write a power of ten
  std::snprintf(text.data(), text.size(), per_second < kNoFraction ? "%.4g/s" : "%.0f/s", per_second);
  return text.data();
}

Json backend_json(const BackendInfo& backend) {
  return {{"name", backend.name},
          {"pool", backend.pool},
          {"address", backend.address},
          {"weight", backend.weight},
          {"health", word(backend.health)},
          {"mode", word(backend.mode)},
          {"sessions", backend.sessions},
          {"elsewhere", backend.elsewhere},
          {"requests", backend.requests},
          {"failures", backend.failures},
          {"last_probe", probe_json(backend.last_probe)},
          {"ejected_until", backend.ejected_until ? Json(to_rfc3339(*backend.ejected_until)) : Json(nullptr)},
          {"drain", drain_json(backend.drain)},
          {"leaving", backend.is_leaving},
          {"runtime", text_or_null(std::string(backend.runtime))}};
}

}  // namespace limpet::admin
