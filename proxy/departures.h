// Departures: how the sessions of one worker are sent away by order. It counts who is there and who is
// leaving, and knows for a backend that is being emptied who has been idle longest: looking at every session
// takes milliseconds where there are many, so a look serves several orders. Owned by the Context. Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "proxy/send_away.h"

namespace limpet::proxy {

struct Context;
class Tunnel;

class Departures {
 public:
  explicit Departures(Context& context) noexcept : context_(context) {}
  Departures(const Departures&) = delete;
  Departures& operator=(const Departures&) = delete;

  // For tunnels.
  void note_opened(backends::BackendId backend) { ++count_of(backend).live; }
  void note_leaving(backends::BackendId backend) { ++count_of(backend).leaving; }
  void note_ended(backends::BackendId backend, bool was_leaving);

  // Everything of the answer but the worker.
  [[nodiscard]] SentAway send_away(const SendAway& order);
  void cut(const CutBackend& order);
  // False when it is not here.
  [[nodiscard]] bool end(const EndSession& order);
  // How many were told.
  [[nodiscard]] std::size_t move(const MoveKey& order);

 private:
  struct Count {
    std::uint32_t live = 0;
    std::uint32_t leaving = 0;  // of those
  };
  struct Row {
    Instant idle_since;
    std::uint64_t id = 0;
    std::uint32_t slot = 0;
  };
  // What one look has found.
  struct Roll {
    backends::BackendId backend = 0;
    CloseReason cause = CloseReason::None;
    std::optional<Instant> silent_since = std::nullopt;
    Instant taken = {};
    std::size_t waiting = 0;     // matching, and not told since; some may have ended or been heard since
    std::vector<Row> rows = {};  // the longest idle of them; the longest idle one last
  };

  [[nodiscard]] Count& count_of(backends::BackendId backend);
  [[nodiscard]] Roll& roll_for(const SendAway& order);
  [[nodiscard]] bool needs_look(const Roll& roll, const SendAway& order);
  void look(Roll& roll, const SendAway& order);
  void keep_longest_idle(Roll& roll);
  // Drops rows that no longer count; the longest idle session after that, null when the roll is used up.
  [[nodiscard]] Tunnel* next(Roll& roll);
  [[nodiscard]] std::size_t waiting(const Roll& roll, const SendAway& order);

  Context& context_;
  std::vector<Count> counts_;  // by backend: ids are small and follow each other
  std::vector<Roll> rolls_;    // of backends about which somebody asked lately
};

}  // namespace limpet::proxy
