// Explores what a client connection can get into: from each state that is new, every event. The invariants
// are looked at after each event; and at the end of each path everybody goes silent, and everything must be
// gone when the bounds have passed.
#include <cstdlib>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/script.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;

namespace {

// 4 events take some seconds, 7 some minutes: LIMPET_EXPLORE says how far a run goes.
std::size_t longest_path() {
  constexpr std::size_t kUsual = 4;
  const char* const asked = std::getenv("LIMPET_EXPLORE");
  return asked == nullptr ? kUsual : std::strtoul(asked, nullptr, 10);
}

using Path = std::vector<Event>;

std::string text_of(const Path& path) {
  std::string text;
  for (const Event event : path) {
    text += (text.empty() ? "" : ", ") + std::string(name(event));
  }
  return text;
}

struct Walked {
  bool possible = true;
  std::string fault;
  std::string fingerprint;
  std::set<proxy::SessionState> states;
  bool had_tunnel = false;
};

Walked walk(const Path& path, std::size_t backends) {
  Script script({}, backends);
  Walked walked;
  for (const Event event : path) {
    if (!script.apply(event)) {
      walked.possible = false;
      return walked;
    }
    walked.states.insert(script.proxy().state());
    walked.had_tunnel |= script.proxy().open_tunnels() > 0;
    if (walked.fault = script.fault(); !walked.fault.empty()) {
      return walked;
    }
  }
  walked.fingerprint = script.fingerprint();
  walked.fault = script.fault_at_the_end();
  return walked;
}

}  // namespace

TEST_CASE("no order of events breaks an invariant of a client connection") {
  const auto backends = GENERATE(std::size_t{1}, std::size_t{2});
  std::set<std::string> known;
  std::set<proxy::SessionState> states;
  bool had_tunnel = false;
  std::size_t walks = 0;
  const std::size_t longest = longest_path();
  std::deque<Path> to_extend{Path{}};
  while (!to_extend.empty()) {
    const Path begin = std::move(to_extend.front());
    to_extend.pop_front();
    for (std::size_t i = 0; i < kEventCount; ++i) {
      Path path = begin;
      path.push_back(static_cast<Event>(i));
      const Walked walked = walk(path, backends);
      ++walks;
      if (!walked.fault.empty()) {
        FAIL("with " << backends << " backends, after: " << text_of(path) << "\n" << walked.fault);
      }
      states.insert(walked.states.begin(), walked.states.end());
      had_tunnel |= walked.had_tunnel;
      if (walked.possible && known.insert(walked.fingerprint).second && path.size() < longest) {
        to_extend.push_back(std::move(path));
      }
    }
  }
  INFO(walks << " walks, " << known.size() << " states");
  CHECK(had_tunnel);
  for (const auto state : {proxy::SessionState::ReadingHead, proxy::SessionState::Connecting,
                           proxy::SessionState::AwaitingAnswer, proxy::SessionState::ForwardingAnswer,
                           proxy::SessionState::Refusing, proxy::SessionState::Closing}) {
    INFO(phrase(state));
    CHECK(states.count(state) == 1);
  }
}
