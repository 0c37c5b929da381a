#include "base/counters.h"

#include <array>

namespace limpet {

namespace {

constexpr std::array<std::string_view, kCounterCount> kWords{
    "connections",       "requests",         "sessions_opened",
    "sessions_ended",    "backend_attempts", "backend_attempts_failed",
    "backend_reused",    "accept_pauses",    "sessions_sent_away",
    "sessions_cut",      "publications",     "published_sent",
    "published_dropped",
};

}  // namespace

std::string_view word(Counter counter) noexcept {
  return kWords[static_cast<std::size_t>(counter)];
}

}  // namespace limpet
