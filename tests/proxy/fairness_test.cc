// One session may not keep the worker from the others: the work for one event is bounded.

#include <string>

#include "tests/simulation/open_session.h"
#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;

namespace {

const std::string kMessage("\x81\x82\0\0\0\0hi", 8);
constexpr std::size_t kFloodBytes = 16 * net::Loop::kScratchBytes;

}  // namespace

TEST_CASE("a session at full speed is read once a turn, one scratch buffer") {
  SimulatedProxy proxy(1);
  OpenSession fast(proxy);
  const bool from_backend = GENERATE(true, false);
  MemoryPipe& source = from_backend ? *fast.backend : *fast.client;
  const MemoryPipe& destination = from_backend ? *fast.client : *fast.backend;
  source.to_proxy.assign(kFloodBytes, '\0');
  for (std::size_t turn = 1; turn <= 4; ++turn) {
    const std::uint64_t before = proxy.loop().calls();
    REQUIRE(proxy.loop().turn());
    CHECK(proxy.loop().calls() - before == 2);
    CHECK(destination.from_proxy.size() == turn * net::Loop::kScratchBytes);
  }
}

TEST_CASE("beside short messages a session at full speed is read in smaller pieces, for a while") {
  SimulatedProxy proxy(1);
  OpenSession fast(proxy);
  OpenSession quiet(proxy);
  const bool from_backend = GENERATE(true, false);
  MemoryPipe& source = from_backend ? *fast.backend : *fast.client;
  const MemoryPipe& destination = from_backend ? *fast.client : *fast.backend;
  quiet.client->to_proxy = kMessage;
  REQUIRE(proxy.loop().turn());
  source.to_proxy.assign(kFloodBytes, '\0');
  for (std::size_t turn = 1; turn <= 4; ++turn) {
    quiet.client->to_proxy = kMessage;
    const std::uint64_t before = proxy.loop().calls();
    REQUIRE(proxy.loop().turn());
    CHECK(proxy.loop().calls() - before == 4);  // a read and a write each
    CHECK(destination.from_proxy.size() == turn * net::Loop::kSharedReadBytes);
    CHECK(quiet.backend->from_proxy.size() == (turn + 1) * kMessage.size());
  }
  source.to_proxy.clear();
  REQUIRE(proxy.loop().advance(net::Loop::kShortMessagesFor));
  const std::size_t so_far = destination.from_proxy.size();
  source.to_proxy.assign(kFloodBytes, '\0');
  REQUIRE(proxy.loop().turn());
  CHECK(destination.from_proxy.size() - so_far == net::Loop::kScratchBytes);
}

TEST_CASE("the short end of a long message does not count as a short message") {
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  std::string frame("\x82\x7f\0\0\0\0\0\x08\0\x0a", 10);  // 512 KiB and 10 bytes
  frame.append(net::Loop::kScratchBytes + 10, '\0');
  session.backend->to_proxy = frame;
  REQUIRE(proxy.loop().turn());
  REQUIRE(proxy.loop().turn());
  CHECK(session.client->from_proxy.size() == frame.size());
  CHECK(proxy.loop().scratch().size() == net::Loop::kScratchBytes);
}
