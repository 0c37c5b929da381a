#include "proxy/session_state.h"

#include <set>

#include "tests/support/catch.h"

using namespace limpet::proxy;
using enum SessionState;

namespace {

constexpr SessionState kAll[] = {ReadingHead, Connecting, AwaitingAnswer, ForwardingAnswer,
                                 Refusing,    Relaying,   Closing};

}  // namespace

TEST_CASE("a tunnel opens only out of waiting for an answer") {
  for (const SessionState from : kAll) {
    INFO(phrase(from));
    CHECK(may_follow(from, Relaying) == (from == AwaitingAnswer));
  }
}

TEST_CASE("nothing follows relaying and closing") {
  for (const SessionState to : kAll) {
    CHECK_FALSE(may_follow(Relaying, to));
    CHECK_FALSE(may_follow(Closing, to));
  }
}

TEST_CASE("an answer that has begun is never replaced by one of our own") {
  CHECK_FALSE(may_follow(ForwardingAnswer, Refusing));
  CHECK_FALSE(may_follow(ForwardingAnswer, Connecting));
}

TEST_CASE("every state but the last two can close") {
  for (const SessionState from : kAll) {
    if (from != Relaying && from != Closing) {
      INFO(phrase(from));
      CHECK(may_follow(from, Closing));
    }
  }
}
