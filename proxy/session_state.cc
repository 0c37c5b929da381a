#include "proxy/session_state.h"

#include <array>
#include <cstddef>

#include "base/row_order.h"

namespace limpet::proxy {

namespace {

constexpr std::size_t kStates = static_cast<std::size_t>(SessionState::kCount);

constexpr unsigned bit(SessionState state) {
  return 1U << static_cast<unsigned>(state);
}

struct Row {
  SessionState state;
  std::string_view phrase;
  unsigned followers;
};

using enum SessionState;

constexpr std::array<Row, kStates> kRows{{
    {ReadingHead, "reading a request", bit(Connecting) | bit(Refusing) | bit(Closing)},
    {Connecting, "connecting to a backend",
     bit(Connecting) | bit(AwaitingAnswer) | bit(Refusing) | bit(Closing)},
    {AwaitingAnswer, "waiting for an answer",
     bit(Connecting) | bit(ForwardingAnswer) | bit(Relaying) | bit(Refusing) | bit(Closing)},
    {ForwardingAnswer, "passing on an answer", bit(ReadingHead) | bit(Closing)},
    {Refusing, "answering for itself", bit(ReadingHead) | bit(Closing)},
    {Relaying, "relaying", 0},
    {Closing, "closing", 0},
}};

static_assert(rows_are_in_order(kRows, &Row::state), "the rows stand in the order of the enumeration");

}  // namespace

std::string_view phrase(SessionState state) noexcept {
  return kRows[static_cast<std::size_t>(state)].phrase;
}

bool may_follow(SessionState from, SessionState to) noexcept {
  return (kRows[static_cast<std::size_t>(from)].followers & bit(to)) != 0;
}

}  // namespace limpet::proxy
