#include "healthcheck/verdict.h"

#include <string>
#include <string_view>

#include "healthcheck/schedule.h"
#include "tests/support/catch.h"

using limpet::Duration;
using limpet::backends::Health;
using limpet::healthcheck::Thresholds;
using limpet::healthcheck::Verdict;

namespace {

// '+' is a good result, '-' a bad one, '!' what traffic says, '~' forgetting; answers U, D or ? after each.
std::string healths_after(std::string_view results, Thresholds thresholds) {
  Verdict verdict;
  std::string healths;
  for (const char result : results) {
    switch (result) {
      case '!':
        verdict.mark_down();
        break;
      case '~':
        verdict.forget_results();
        break;
      default:
        verdict.take(result == '+', thresholds);
    }
    healths += verdict.health() == Health::Up ? 'U' : verdict.health() == Health::Down ? 'D' : '?';
  }
  return healths;
}

struct Row {
  std::string_view results;
  std::string_view healths;
  Thresholds thresholds;
};

}  // namespace

TEST_CASE("the verdict follows its table") {
  const auto row = GENERATE(
      // The first result decides at once.
      Row{"+", "U", {3, 2}}, Row{"-", "D", {3, 2}}, Row{"~+", "?U", {3, 2}},
      // fall and rise count results in a row.
      Row{"+---", "UUUD", {3, 2}}, Row{"+--+--", "UUUUUU", {3, 2}}, Row{"-++", "DDU", {3, 2}},
      Row{"-+-+-++", "DDDDDDU", {3, 2}}, Row{"+-+", "UDU", {1, 1}},
      // A whole round trip counts anew.
      Row{"+---++---", "UUUDDUUUD", {3, 2}},
      // Traffic takes it down at once; rise good probes bring it back.
      Row{"+!++", "UDDU", {3, 2}}, Row{"!++", "DDU", {3, 2}}, Row{"-+!+", "DDDU", {3, 2}},
      // What was counted against another address counts no longer.
      Row{"+--~-", "UUUUU", {3, 2}}, Row{"-+~+", "DDDD", {3, 2}});
  CAPTURE(row.results);
  CHECK(healths_after(row.results, row.thresholds) == row.healths);
}

TEST_CASE("the waits between probes spread over a fifth of the interval and never exceed it") {
  limpet::settings::Health rule;
  rule.interval = Duration(2000);
  const auto random = GENERATE(range(0U, 2000U, 37U));
  const Duration wait = limpet::healthcheck::wait_between(rule, Health::Up, random);
  CHECK(wait >= Duration(1550));
  CHECK(wait <= Duration(1950));
  CHECK(limpet::healthcheck::first_wait(random) < Duration(100));
}

TEST_CASE("rise probes of a backend that is down fit into one interval") {
  limpet::settings::Health rule;
  rule.interval = Duration(2000);
  rule.rise = GENERATE(1U, 2U, 3U, 10U);
  const Duration wait = limpet::healthcheck::wait_between(rule, Health::Down, 0);
  CHECK((wait + Duration(50)) * rule.rise <= rule.interval);
}

TEST_CASE("an interval shorter than a tick waits for nothing") {
  limpet::settings::Health rule;
  rule.interval = Duration(20);
  CHECK(limpet::healthcheck::wait_between(rule, Health::Up, 12345) == Duration(0));
}
