// A WebSocket session over a SimulatedProxy that is open, with nothing under way.
#pragma once

#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

namespace limpet::test {

struct OpenSession {
  explicit OpenSession(SimulatedProxy& proxy) : client(proxy.connect_client()) {
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

}  // namespace limpet::test
