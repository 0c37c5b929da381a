// Orders as control gives them: posted to a worker on its own thread, answered to a mailbox.

#include <memory>
#include <optional>

#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

const std::string kOurClose("\x88\x11\x03\xf4service restart", 19);
constexpr std::size_t kMaskedCloseBytes = 23;

// Where the answers to control come; turned by the test.
template <typename Answer>
class Answers {
 public:
  [[nodiscard]] net::Mailbox<Answer>* box() noexcept { return &box_; }
  [[nodiscard]] Answer next() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!answer_) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      loop_.turn();
    }
    return *std::exchange(answer_, std::nullopt);
  }

 private:
  net::UvLoop loop_;
  std::optional<Answer> answer_;
  net::Mailbox<Answer> box_{loop_, [this](Answer&& answer) { answer_ = answer; }};
};

}  // namespace

TEST_CASE("a worker says whom it has told, who waits and who is leaving") {
  Answers<proxy::SentAway> answers;
  ProxyRig rig(1);
  auto [first, first_backend] = rig.open_session();
  auto [second, second_backend] = rig.open_session();
  rig.worker().send_away({.order = 5, .backend = 1, .most = 1, .grace = 30s, .reply_to = answers.box()});
  const proxy::SentAway answer = answers.next();
  CHECK(answer.order == 5);
  CHECK(answer.worker == 0);
  CHECK(answer.told == 1);
  CHECK(answer.waiting == 1);
  CHECK(answer.leaving == 1);
  CHECK(answer.longest_idle.has_value());
  rig.worker().send_away({.backend = 1, .most = 9, .grace = 30s, .reply_to = answers.box()});
  CHECK(answers.next().told == 1);
  for (Wire* const client : {&first, &second}) {
    client->expect(kOurClose);
    client->finish_sending();
  }
  for (Wire* const backend : {&first_backend, &second_backend}) {
    CHECK(backend->read(kMaskedCloseBytes).starts_with("\x88\x91"));
    backend->finish_sending();
  }
  CHECK(happens([&] { return rig.counters().ends(CloseReason::Drained) == 2; }));
  CHECK(rig.counters().get(Counter::CutShort) == 0);
}

TEST_CASE("one session is ended by its number, and who has it says so") {
  Answers<proxy::EndedSession> answers;
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  rig.worker().end({.question = 1, .id = 77, .grace = 30s, .reply_to = answers.box()});
  CHECK_FALSE(answers.next().found);
  rig.worker().end({.question = 2, .id = 1, .grace = 30s, .reply_to = answers.box()});
  CHECK(answers.next().found);
  client.expect(kOurClose);
}

TEST_CASE("what is left on a backend is cut on order") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  rig.worker().cut({.backend = 1, .cause = CloseReason::BackendRemoved});
  CHECK(client.read_to_end().empty());
  CHECK(backend.read_to_end().empty());
  CHECK(happens([&] { return rig.counters().ends(CloseReason::BackendRemoved) == 1; }));
}

TEST_CASE("a client that does not read gets a large message whole, then the Close") {
  ProxyRig rig(1);
  Wire client = rig.connect_slow_client();
  client.send(kUpgrade);
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  backend.send(kSwitch);
  static_cast<void>(client.read_head());
  constexpr std::size_t kPayload = 4U << 20U;
  std::string message("\x82\x7f\0\0\0\0\0\x40\0\0", 10);
  message.append(kPayload, 'x');
  std::thread sender([&] { backend.send(message); });
  CHECK(client.read(1000) == message.substr(0, 1000));  // it is under way
  rig.worker().send_away({.backend = 1, .most = 1, .grace = 60s});
  CHECK(client.read(message.size() - 1000) == message.substr(1000));
  client.expect(kOurClose);
  sender.join();
  client.send(std::string("\x88\x82\0\0\0\0\x03\xf4", 8));
  WireEnd how = WireEnd::StillOpen;
  CHECK(client.read_to_end(&how).empty());
  CHECK(how == WireEnd::Fin);
}
