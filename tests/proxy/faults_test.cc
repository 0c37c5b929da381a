// What happens when the system fails limpet: every n-th chunk, every n-th connect, sockets that take and give
// one byte at a time.
#include <cerrno>
#include <string>

#include "tests/simulation/script.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;

namespace {

constexpr std::size_t kBigBody = 100'000;

std::string big_answer() {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBigBody) + "\r\n\r\n" +
         std::string(kBigBody, 'a');
}

std::string big_post() {
  return "PUT /big HTTP/1.1\r\nHost: example.com\r\nContent-Length: " + std::to_string(kBigBody) +
         "\r\n\r\n" + std::string(kBigBody, 'p');
}

std::string big_frame(bool masked) {
  std::string frame = masked ? std::string("\x82\xff\0\0\0\0\0\x01\x86\xa0\0\0\0\0", 14)
                             : std::string("\x82\x7f\0\0\0\0\0\x01\x86\xa0", 10);
  return frame + std::string(kBigBody, 'f');
}

// Ends reading for a while, so that everything on its way has to be kept.
void pause(MemoryPipe& pipe, Script& script, const std::string& bytes, bool from_client) {
  pipe.room = 0;
  static_cast<void>(from_client ? script.client_sends(bytes) : script.backend_sends(bytes));
  pipe.room = MemoryPipe::kUnlimited;
  static_cast<void>(script.proxy().loop().settle());
}

// A big request and answer, then a session with big messages, all to peers that pause. Whatever fails, it
// goes on with what is still possible.
void play(Script& script) {
  static_cast<void>(script.client_sends(big_post().substr(0, 200)));
  if (script.backend() != nullptr) {
    pause(*script.backend(), script, big_post().substr(200), true);
    pause(*script.client(), script, big_answer(), false);
  }
  script.connect_client();
  static_cast<void>(script.apply(Event::ClientSendsUpgrade));
  if (script.backend() == nullptr) {
    return;
  }
  static_cast<void>(script.apply(Event::BackendSwitches));
  pause(*script.backend(), script, big_frame(true), true);
  pause(*script.client(), script, big_frame(false), false);
}

}  // namespace

TEST_CASE("whichever chunk is not to be had, one connection ends visibly and nothing leaks") {
  std::uint64_t failures = 0;
  constexpr std::uint64_t kMostLends = 100;
  for (std::uint64_t lend = 1; lend <= kMostLends; ++lend) {
    Script script;
    script.proxy().loop().chunks().fail_lend(lend);
    play(script);
    INFO("lend " << lend);
    REQUIRE(script.fault().empty());
    REQUIRE(script.fault_at_the_end().empty());
    const std::uint64_t ended = script.proxy().counters().ends(CloseReason::InternalError);
    REQUIRE(ended <= 1);
    failures += ended;
  }
  // Each of the four transfers takes a handful.
  CHECK(failures >= 4 * (kBigBody / net::Chunk::kBytes));
  CHECK(failures < kMostLends);
}

TEST_CASE("whichever read or write the system fails, that connection ends and nothing leaks") {
  const int error = GENERATE(ENOBUFS, ENOMEM, ECONNRESET, ETIMEDOUT);
  std::uint64_t calls = 0;
  for (std::uint64_t call = 1; call <= calls || call == 1; ++call) {
    Script script;
    script.proxy().loop().fail_call(call, error);
    play(script);
    INFO("call " << call << ", error " << error);
    REQUIRE(script.fault().empty());
    REQUIRE(script.fault_at_the_end().empty());
    if (call == 1) {
      Script undisturbed;
      play(undisturbed);
      calls = undisturbed.proxy().loop().calls();
    }
  }
  CHECK(calls > 15);
}

TEST_CASE("a client whose answer finds no chunk sees that it is not whole") {
  Script script;
  REQUIRE(script.apply(Event::ClientSendsGet));
  script.proxy().loop().chunks().fail_lend(2);
  script.client()->room = 100;
  REQUIRE(script.backend_sends(big_answer()));
  CHECK(script.client()->closed);
  CHECK(script.client()->from_proxy.size() == 100);
  CHECK(script.proxy().counters().ends(CloseReason::InternalError) == 1);
}

TEST_CASE("a session without a chunk for its frame is reset on both sides") {
  Script script;
  REQUIRE(script.apply(Event::ClientSendsUpgrade));
  REQUIRE(script.apply(Event::BackendSwitches));
  script.proxy().loop().chunks().fail_lend(1);
  script.client()->room = 10;
  REQUIRE(script.backend_sends(big_frame(false)));
  CHECK(script.client()->proxy_reset);
  CHECK(script.backend()->proxy_reset);
  CHECK(script.proxy().counters().ends(CloseReason::InternalError) == 1);
}

TEST_CASE("out of descriptors a client is told so at once and the next one is served") {
  Script script;
  REQUIRE(script.apply(Event::DescriptorsRunOut));
  REQUIRE(script.apply(Event::ClientSendsGet));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 503 "));
  CHECK(script.client()->from_proxy.find("Limpet-Reason: internal_error\r\n") != std::string::npos);
  CHECK(script.proxy().backends().opened.empty());
  REQUIRE(script.apply(Event::ConnectsSucceed));
  script.connect_client();
  REQUIRE(script.apply(Event::ClientSendsGet));
  REQUIRE(script.apply(Event::BackendAnswers));
  CHECK(script.client()->from_proxy.ends_with("\r\n\r\nok"));
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("a shortage of our own is not held against a backend") {
  using Next = MemoryConnector::Next;
  const Next shortage = GENERATE(Next::OutOfDescriptors, Next::OutOfPorts);
  Script script;
  script.proxy().backends().next = shortage;
  for (int i = 0; i < 5; ++i) {
    script.connect_client();
    REQUIRE(script.apply(Event::ClientSendsGet));
    CHECK(script.client()->from_proxy.find("Limpet-Reason: internal_error\r\n") != std::string::npos);
  }
  for (const auto& backend : script.proxy().context().snapshot->pools.front().backends.all()) {
    CHECK(backend.state->failures.load() == 0);
    CHECK(backend.state->connect_failures.load() == 0);
  }
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("a cut answer that only the end of the connection frames is cut by a reset") {
  Script script;
  REQUIRE(script.apply(Event::ClientSendsGet));
  SECTION("when the backend resets") {
    REQUIRE(script.apply(Event::BackendAnswersUntilItCloses));
    REQUIRE(script.apply(Event::BackendResets));
  }
  SECTION("when it goes silent") {
    REQUIRE(script.apply(Event::BackendAnswersUntilItCloses));
    REQUIRE(script.apply(Event::ManySecondsPass));
  }
  SECTION("when the client does not take its rest") {
    script.client()->room = 50;
    REQUIRE(script.apply(Event::BackendAnswersUntilItCloses));
    REQUIRE(script.apply(Event::BackendFinishes));
    REQUIRE(script.apply(Event::ManySecondsPass));
    CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 1);
  }
  CHECK(script.client()->closed);
  CHECK(script.client()->proxy_reset);
}

TEST_CASE("a complete answer that only the end of the connection frames ends in good order") {
  Script script;
  REQUIRE(script.apply(Event::ClientSendsGet));
  REQUIRE(script.apply(Event::BackendAnswersUntilItCloses));
  REQUIRE(script.apply(Event::BackendFinishes));
  REQUIRE(script.apply(Event::ManySecondsPass));
  CHECK(script.client()->from_proxy.ends_with("ok"));
  CHECK(script.client()->closed);
  CHECK_FALSE(script.client()->proxy_reset);
}

TEST_CASE("what a client sends ahead of its turn is left in the kernel beyond its bound") {
  Script script;
  constexpr std::size_t kFlood = 300'000;
  constexpr std::size_t kMost = (16 + 64) * 1024;
  SECTION("behind a request") {
    REQUIRE(script.client_sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kFlood, 'x')));
  }
  SECTION("behind the last bytes of a body") {
    REQUIRE(script.apply(Event::ClientSendsPostWithoutItsBody));
    REQUIRE(script.client_sends(std::string(kFlood, 'x')));
  }
  CHECK(script.client()->to_proxy.size() >= kFlood - 2 * kMost);
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("a connection that was idle when limpet stopped ends for that reason, once") {
  Script script;
  REQUIRE(script.apply(Event::ProxyStops));
  REQUIRE(script.apply(Event::ManySecondsPass));
  CHECK(script.proxy().counters().ends(CloseReason::Shutdown) == 1);
}

TEST_CASE("a refusal of HEAD has no body, whoever is refused") {
  Script script;
  REQUIRE(script.apply(Event::ProxyStops));
  REQUIRE(script.apply(Event::ManySecondsPass));
  script.connect_client();
  REQUIRE(script.client_sends("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 503 "));
  CHECK(script.client()->from_proxy.ends_with("\r\n\r\n"));
}

TEST_CASE("peers that take and give one byte at a time get the same bytes") {
  Script script;
  const auto by_bytes = [](MemoryPipe& pipe, bool takes) {
    pipe.most_a_read = 1;
    pipe.room = takes ? 1 : pipe.room;
  };
  by_bytes(*script.client(), true);
  REQUIRE(script.apply(Event::ClientSendsUpgrade));
  by_bytes(*script.backend(), true);
  const auto trickle = [&script] {
    for (int i = 0; i < 2000; ++i) {
      script.client()->room = 1;
      script.backend()->room = 1;
      REQUIRE(script.proxy().loop().settle());
    }
  };
  trickle();
  REQUIRE(script.apply(Event::BackendSwitches));
  trickle();
  REQUIRE(script.proxy().open_tunnels() == 1);
  const std::size_t head = script.client()->from_proxy.size();
  const std::size_t request = script.backend()->from_proxy.size();
  REQUIRE(script.apply(Event::ClientSendsFrame));
  REQUIRE(script.apply(Event::BackendSendsFrame));
  trickle();
  CHECK(script.client()->from_proxy.substr(head) == "\x81\x02hi");
  CHECK(script.backend()->from_proxy.substr(request) == "\x81\x82\x01\x02\x03\x04hi");
  CHECK(script.fault_at_the_end().empty());
}
