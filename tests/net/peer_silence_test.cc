#include "net/peer_silence.h"

#include "tests/support/catch.h"

using limpet::Duration;
using limpet::net::SentState;
using limpet::net::unanswered_for;

namespace {

struct Row {
  const char* what;
  SentState sent;
  bool is_owed;
};

// As tcp_info told them in the situations named, over a pair of virtual interfaces.
constexpr Row kRows[] = {
    {"sent a moment ago after an idle hour",
     {.in_flight = 1, .since_acknowledged = Duration(3'600'000), .since_sent = Duration(0)},
     false},
    {"vanished, sent again for the first time",
     {.in_flight = 1, .retransmits = 1, .since_acknowledged = Duration(1'304), .since_sent = Duration(292)},
     true},
    {"vanished, sent again often",
     {.in_flight = 1, .retransmits = 4, .since_acknowledged = Duration(4'304), .since_sent = Duration(220)},
     true},
    {"a segment was lost, its repetition acknowledged",
     {.in_flight = 3, .retransmits = 1, .since_acknowledged = Duration(40), .since_sent = Duration(80)},
     false},
    {"a closed window, a probe on its way",
     {.probes = 1, .since_acknowledged = Duration(13'488), .since_sent = Duration(27'000)},
     false},
    {"a closed window, one probe lost",
     {.probes = 2, .since_acknowledged = Duration(60'000), .since_sent = Duration(90'000)},
     false},
    {"a closed window, and nobody behind it any more",
     {.probes = 3, .since_acknowledged = Duration(12'456), .since_sent = Duration(14'000)},
     true},
    {"a window that was closed over what had been sent, and says so again and again",
     {.in_flight = 2,
      .retransmits = 7,
      .since_acknowledged = Duration(20'000),
      .since_sent = Duration(20'001)},
     false},
};

}  // namespace

TEST_CASE("a peer owes an answer when it is silent in spite of repetition, not when it has no room") {
  for (const Row& row : kRows) {
    INFO(row.what);
    CHECK(unanswered_for(row.sent).has_value() == row.is_owed);
    if (row.is_owed) {
      CHECK(unanswered_for(row.sent) == row.sent.since_acknowledged);
    }
  }
}
