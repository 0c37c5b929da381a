// A worker whose pins are shared with other nodes: what it asks them, and what it does with the answer.
#include <string>
#include <vector>

#include "sharing/pin_desk.h"
#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;
using affinity::PinReason;

namespace {

constexpr affinity::PoolId kPool = 1;
constexpr Duration kTtl = 1h;

// Answers when the test says so.
class DeskByHand final : public sharing::PinDesk {
 public:
  [[nodiscard]] bool is_open() const noexcept override { return open; }
  [[nodiscard]] Duration patience() const noexcept override { return 50ms; }
  void ask(sharing::PinQuestion question) override { asked.push_back(std::move(question)); }

  bool open = true;
  std::vector<sharing::PinQuestion> asked;
};

class Askers final : public sharing::PinAsker {
 public:
  explicit Askers(proxy::Context& context) : context_(context) {}
  void answer(sharing::PinAnswer answer) override {
    context_.pin_waits.on_answer(answer.question, answer.is_settled);
  }

 private:
  proxy::Context& context_;
};

// Two backends; clients are known by their address, and there is one.
struct Nodes {
  explicit Nodes(settings::AffinityBy by = settings::AffinityBy::ClientIp)
      : proxy(2, [by](proxy::Snapshot& snapshot) { snapshot.pools.front().rule.by = by; }) {
    proxy.context().shared.desk = &desk;
    proxy.context().pin_asker = &askers;
  }

  SimulatedProxy proxy;
  DeskByHand desk;
  Askers askers{proxy.context()};

  PipePtr upgrade() {
    PipePtr client = proxy.connect_client();
    client->to_proxy = std::string(kUpgrade);
    REQUIRE(proxy.loop().settle());
    return client;
  }
  // The other nodes say that the key of the last question belongs to `backend`.
  void agree(backends::BackendId backend) {
    const sharing::PinQuestion question = desk.asked.back();
    pins().agree(kPool, question.key, {.backend = backend}, kTtl, proxy.loop().now());
    question.asker->answer({.question = question.question, .is_settled = true});
    REQUIRE(proxy.loop().settle());
  }
  void give_no_answer() {
    const sharing::PinQuestion question = desk.asked.back();
    question.asker->answer({.question = question.question, .is_settled = false});
    REQUIRE(proxy.loop().settle());
  }
  void wait(Duration time) { REQUIRE(proxy.loop().advance(time)); }
  [[nodiscard]] affinity::AffinityTable& pins() { return proxy.context().shared.pins; }
  [[nodiscard]] std::size_t connects() { return proxy.backends().opened.size(); }
  [[nodiscard]] backends::BackendId pinned() {
    const auto pin = pins().find(kPool, desk.asked.back().key, proxy.loop().now());
    return pin ? pin->backend : 0;
  }
  [[nodiscard]] std::uint32_t exchanges_on(std::size_t index) {
    return proxy.context().snapshot->pools.front().backends[index].state->exchanges.load();
  }
  [[nodiscard]] bool asks(backends::BackendId backend) { return exchanges_on(backend - 1) == 1; }
  void answer_backend() {
    proxy.backends().opened.back()->to_proxy += kSwitch;
    REQUIRE(proxy.loop().settle());
  }
};

}  // namespace

TEST_CASE("a client that nobody knows is asked for before a backend is connected") {
  Nodes test;
  test.upgrade();
  REQUIRE(test.desk.asked.size() == 1);
  CHECK(test.connects() == 0);
  CHECK(test.desk.asked[0].instead_of == 0);
  CHECK(test.desk.asked[0].proposed.backend != 0);
  test.agree(test.desk.asked[0].proposed.backend);
  CHECK(test.connects() == 1);
  CHECK(test.asks(test.desk.asked[0].proposed.backend));
  CHECK(test.proxy.fault() == "");
}

TEST_CASE("a client that another node has taken in goes where it is there") {
  Nodes test;
  const PipePtr client = test.upgrade();
  const backends::BackendId other = 3 - test.desk.asked[0].proposed.backend;
  test.agree(other);
  CHECK(test.asks(other));
  test.answer_backend();
  CHECK(client->from_proxy.starts_with("HTTP/1.1 101 "));
  CHECK(test.pinned() == other);
  CHECK(test.proxy.fault() == "");
}

TEST_CASE("who is known to be agreed on is not asked for again") {
  Nodes test;
  test.upgrade();
  test.agree(2);
  test.upgrade();
  CHECK(test.desk.asked.size() == 1);
  CHECK(test.connects() == 2);
  CHECK(test.exchanges_on(1) == 2);
}

TEST_CASE("when what others say may have been missed, everybody is asked for again") {
  Nodes test;
  test.upgrade();
  test.agree(2);
  test.pins().forget_agreements();
  test.upgrade();
  REQUIRE(test.desk.asked.size() == 2);
  CHECK(test.desk.asked[1].proposed.backend == 2);
}

TEST_CASE("without an answer in time the node decides alone, and waits once") {
  Nodes test;
  const PipePtr client = test.upgrade();
  test.wait(40ms);
  CHECK(test.connects() == 0);
  test.wait(300ms);
  CHECK(test.connects() == 1);
  CHECK(test.desk.asked.size() == 1);
  test.answer_backend();
  CHECK(client->from_proxy.starts_with("HTTP/1.1 101 "));
  // What comes too late finds nobody.
  test.desk.asked[0].asker->answer({.question = test.desk.asked[0].question, .is_settled = true});
  REQUIRE(test.proxy.loop().settle());
  CHECK(test.proxy.fault() == "");
}

TEST_CASE("a refusal to answer ends the wait at once") {
  Nodes test;
  test.upgrade();
  test.give_no_answer();
  CHECK(test.connects() == 1);
}

TEST_CASE("while nobody can be asked a client waits for nothing") {
  Nodes test;
  test.desk.open = false;
  test.upgrade();
  CHECK(test.desk.asked.empty());
  CHECK(test.connects() == 1);
}

TEST_CASE("a client that is moved off a dead backend is asked for before the next one hears its request") {
  Nodes test;
  test.upgrade();
  test.agree(1);
  auto& first = *test.proxy.context().snapshot->pools.front().backends[0].state;
  first.health.store(backends::Health::Down);
  test.upgrade();
  REQUIRE(test.desk.asked.size() == 2);
  CHECK(test.desk.asked[1].instead_of == 1);
  CHECK(test.desk.asked[1].proposed.backend == 2);
  CHECK(test.desk.asked[1].proposed.reason == PinReason::Failover);
  REQUIRE(test.connects() == 2);
  CHECK(test.proxy.backends().opened[1]->from_proxy.empty());
  test.agree(2);
  CHECK(test.proxy.backends().opened[1]->from_proxy.starts_with("GET "));
}

TEST_CASE("a client that another node has moved meanwhile follows, and its request is sent once") {
  Nodes test;
  test.upgrade();
  test.agree(1);
  auto& first = *test.proxy.context().snapshot->pools.front().backends[0].state;
  first.health.store(backends::Health::Down);
  test.upgrade();
  first.health.store(backends::Health::Up);
  test.agree(1);
  REQUIRE(test.connects() == 3);
  CHECK(test.proxy.backends().opened[1]->from_proxy.empty());
  CHECK(test.proxy.backends().opened[1]->closed);
  CHECK(test.proxy.backends().opened[2]->from_proxy.starts_with("GET "));
  CHECK(test.proxy.fault() == "");
}

TEST_CASE("a client that leaves while others are asked leaves nothing behind") {
  Nodes test;
  const PipePtr client = test.upgrade();
  client->reset = true;
  REQUIRE(test.proxy.loop().settle());
  test.agree(1);
  CHECK(test.connects() == 0);
  CHECK(test.exchanges_on(0) + test.exchanges_on(1) == 0);
  CHECK(test.proxy.open_connections() == 0);
}

TEST_CASE("a new cookie is told to others, and nobody waits for what they say") {
  Nodes test(settings::AffinityBy::Cookie);
  test.upgrade();
  REQUIRE(test.desk.asked.size() == 1);
  CHECK(test.desk.asked[0].asker == nullptr);
  CHECK(test.connects() == 1);
}
