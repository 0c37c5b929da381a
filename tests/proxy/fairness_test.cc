// One session may not keep the worker from the others: the work for one event is bounded.

#include <string>

#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;

namespace {

struct Session {
  explicit Session(SimulatedProxy& proxy) : client(proxy.connect_client()) {
    client->to_proxy = kUpgrade;
    REQUIRE(proxy.loop().settle());
    backend = proxy.backends().opened.back();
    backend->to_proxy = kSwitch;
    REQUIRE(proxy.loop().settle());
    REQUIRE(client->from_proxy.starts_with("HTTP/1.1 101"));
    client->from_proxy.clear();
    backend->from_proxy.clear();
  }

  PipePtr client;
  PipePtr backend;
};

constexpr std::size_t kFloodBytes = 16 * net::Loop::kScratchBytes;

}  // namespace

TEST_CASE(
    "a session at full speed is read once a turn, one scratch buffer, and the others have their turn too") {
  SimulatedProxy proxy(1);
  Session fast(proxy);
  Session quiet(proxy);
  const bool from_backend = GENERATE(true, false);
  MemoryPipe& source = from_backend ? *fast.backend : *fast.client;
  const MemoryPipe& destination = from_backend ? *fast.client : *fast.backend;
  source.to_proxy.assign(kFloodBytes, '\0');
  const std::string message("\x81\x82\0\0\0\0hi", 8);
  for (std::size_t turn = 1; turn <= 4; ++turn) {
    quiet.client->to_proxy = message;
    const std::uint64_t before = proxy.loop().calls();
    REQUIRE(proxy.loop().turn());
    CHECK(proxy.loop().calls() - before == 4);  // a read and a write each
    CHECK(destination.from_proxy.size() == turn * net::Loop::kScratchBytes);
    CHECK(quiet.backend->from_proxy.size() == turn * message.size());
  }
}
