// Where a published message stands in a session: between two messages of the backend, in order, and nowhere
// else; and what becomes of it where it cannot.

#include "proxy/tunnel.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/proxy/publish_story.h"

using namespace limpet;
using namespace limpet::test;
using Offer = PublishStory::Offer;

TEST_CASE("between messages it is put at once") {
  PublishStory story;
  story.backend_sends(from_backend("before"));
  CHECK(story.publish("news") == Offer::Sent);
  story.backend_sends(from_backend("after"));
  CHECK(story.client.from_proxy == from_backend("before") + bytes("news") + from_backend("after"));
  CHECK(story.backend.from_proxy.empty());
  CHECK(story.sent() == 1);
  story.expect_live();
}

TEST_CASE("it is one unmasked final frame without RSV bits, whatever its length") {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    PublishStory story;
    const std::string text(size, 'n');
    REQUIRE(story.publish(text) == Offer::Sent);
    const auto parsed = websocket::parse_frame_header(bytes_of(story.client.from_proxy));
    REQUIRE(parsed.step == websocket::HeaderStep::Complete);
    CHECK(parsed.header.fin);
    CHECK(parsed.header.rsv == 0);
    CHECK_FALSE(parsed.header.masked);
    CHECK(parsed.header.length == size);
    CHECK(story.client.from_proxy.size() == parsed.header.header_bytes + size);
  }
}

TEST_CASE("in the middle of a frame it waits for its end, and stands before the next one of the same read") {
  PublishStory story;
  const std::string large = from_backend(std::string(300'000, 'L'));
  story.backend_sends(large.substr(0, 100'000));
  CHECK(story.publish("one") == Offer::Queued);
  CHECK(story.publish("two") == Offer::Queued);
  CHECK(story.client.from_proxy == large.substr(0, 100'000));
  story.backend_sends(large.substr(100'000) + from_backend("next"));
  CHECK(story.client.from_proxy == large + bytes("one") + bytes("two") + from_backend("next"));
  CHECK(story.sent() == 2);
  CHECK(story.publish("three") == Offer::Sent);
  story.expect_live();
}

TEST_CASE("it stands between messages, not between fragments nor at a ping among them") {
  PublishStory story;
  const std::string begin = fragment(kBegin, "the begin");
  const std::string ping = fragment(kPing, "are you there");
  const std::string middle = fragment(kMiddle, "goes on");
  const std::string last = fragment(kLast, "the end");
  story.backend_sends(begin);
  CHECK(story.publish("news") == Offer::Queued);
  story.backend_sends(ping);
  story.backend_sends(middle + ping);
  CHECK(story.client.from_proxy == begin + ping + middle + ping);
  story.backend_sends(last + ping);
  CHECK(story.client.from_proxy == begin + ping + middle + ping + last + bytes("news") + ping);
}

TEST_CASE("behind a ping between messages it is put at once, and in the middle of one it waits") {
  PublishStory story;
  const std::string ping = fragment(kPing, "are you there");
  story.backend_sends(ping + ping.substr(0, 5));
  CHECK(story.publish("news") == Offer::Queued);
  story.backend_sends(ping.substr(5));
  CHECK(story.client.from_proxy == ping + ping + bytes("news"));
}

TEST_CASE("wherever the stream is when it is published, it stands at the next end of a message") {
  const std::vector<std::string> messages{fragment(kCompressed, "compressed, whole"),
                                          fragment('\x41', "compressed, in parts") + fragment(kPing, "") +
                                              fragment(kMiddle, std::string(20, 'm')) + fragment(kLast, ""),
                                          from_backend(""), from_backend("plain")};
  std::string stream;
  std::vector<std::size_t> ends{0};
  for (const std::string& message : messages) {
    stream += message;
    ends.push_back(stream.size());
  }
  for (std::size_t at = 0; at < stream.size(); ++at) {
    for (const std::size_t step : {1U, 7U, 1000U}) {
      CAPTURE(at, step);
      PublishStory story;
      story.backend_sends(stream.substr(0, at));
      REQUIRE(story.publish("news") != Offer::Full);
      for (std::size_t next = at; next < stream.size(); next += step) {
        story.backend_sends(stream.substr(next, step));
      }
      std::string expected = stream;
      expected.insert(*std::lower_bound(ends.begin(), ends.end(), at), bytes("news"));
      REQUIRE(story.client.from_proxy == expected);
    }
  }
}

TEST_CASE("a slow client gets what was kept for it first, then what was published, in order") {
  PublishStory story;
  story.client_stops_reading(4);
  const std::string message = from_backend("kept for a moment");
  story.backend_sends(message);
  CHECK(story.publish("one") == Offer::Queued);
  CHECK(story.publish("two") == Offer::Queued);
  CHECK(story.client.from_proxy == message.substr(0, 4));
  story.backend_sends(from_backend("next"));
  story.reads_on(story.client);
  CHECK(story.client.from_proxy == message + bytes("one") + bytes("two") + from_backend("next"));
  CHECK(story.proxy.loop().chunks().out() == 0);
}

TEST_CASE("what waits for a slow client is bounded, and one message always may wait") {
  PublishStory story;
  story.client_stops_reading(4);
  story.backend_sends(from_backend("kept for a moment"));
  const std::string large(800, 'l');
  CHECK(story.publish(large, 100) == Offer::Queued);
  CHECK(story.publish("small", 100) == Offer::Full);
  CHECK(story.publish("small", kQueue) == Offer::Queued);
  CHECK(story.publish(large, kQueue) == Offer::Full);
  CHECK(story.dropped() == 0);  // whoever publishes decides what Full means
  story.reads_on(story.client);
  CHECK(story.client.from_proxy == from_backend("kept for a moment") + bytes(large) + bytes("small"));
}

TEST_CASE("a client that takes little at a time is kept no more than one of them beside what it was sent") {
  PublishStory story;
  story.client_stops_reading();
  CHECK(story.publish(std::string(50'000, '1'), 1) == Offer::Sent);  // by us; the socket has not taken it
  for (const char name : {'2', '3', '4'}) {
    CHECK(story.publish(std::string(50'000, name), 200'000) == Offer::Queued);
    CHECK(story.proxy.loop().chunks().out() <= 4);
  }
  std::string expected;
  for (const char name : {'1', '2', '3', '4'}) {
    expected += bytes(std::string(50'000, name));
  }
  while (story.client.from_proxy.size() < expected.size()) {
    story.client.room = 1000;
    story.settle();
    CHECK(story.proxy.loop().chunks().out() <= 4);
  }
  CHECK(story.client.from_proxy == expected);
  CHECK(story.dropped() == 0);
}

TEST_CASE("a client that is always behind gets them all the same") {
  PublishStory story;
  story.client_stops_reading();
  const std::string large = from_backend(std::string(100'000, 'L'));
  story.backend_sends(large.substr(0, 50'000));
  CHECK(story.publish("news") == Offer::Queued);
  story.backend_sends(large.substr(50'000) + large + large.substr(0, 50'000));
  for (int i = 0; i < 10'000 && story.client.from_proxy.size() < 250'000; ++i) {
    story.client.room = 1000;
    story.settle();
  }
  CHECK(story.client.from_proxy.substr(0, 2 * large.size() + bytes("news").size()) ==
        large + bytes("news") + large);
}

TEST_CASE("who is sent away gets nothing more, and what waited is counted as dropped") {
  PublishStory story;
  const std::string large = from_backend(std::string(3000, 'L'));
  story.backend_sends(large.substr(0, 1000));
  REQUIRE(story.publish("too late") == Offer::Queued);
  story.send_away();
  CHECK(story.dropped() == 1);
  CHECK(story.publish("much too late") == Offer::Refused);
  story.backend_sends(large.substr(1000));
  CHECK(story.client.from_proxy == large + kOurClose);
  CHECK(story.publish("after our Close") == Offer::Refused);
  CHECK(story.client.from_proxy == large + kOurClose);
  CHECK(story.sent() == 0);
}

TEST_CASE("behind a Close of either side nothing is put") {
  const bool by_client = GENERATE(true, false);
  PublishStory story;
  story.client_stops_reading(1);
  story.backend_sends(from_backend("kept"));
  REQUIRE(story.publish("waits") == Offer::Queued);
  if (by_client) {
    story.client_sends(kClientClose);
    CHECK(story.publish("late") == Offer::Refused);
  }
  story.reads_on(story.client);
  const std::string before = from_backend("kept") + (by_client ? "" : bytes("waits"));
  CHECK(story.client.from_proxy == before);
  CHECK(story.dropped() == (by_client ? 1 : 0));
  story.backend_sends(kBackendClose);
  CHECK(story.publish("later") == Offer::Refused);
  CHECK(story.client.from_proxy == before + kBackendClose);
}

TEST_CASE("a Close among the fragments of a message leaves no place for it") {
  PublishStory story;
  story.backend_sends(fragment(kBegin, "it begins"));
  REQUIRE(story.publish("news") == Offer::Queued);
  story.backend_sends(kBackendClose);
  CHECK(story.client.from_proxy == fragment(kBegin, "it begins") + kBackendClose);
  CHECK(story.dropped() == 1);
}

TEST_CASE("a Close that comes in one read with the end of the message stands behind it") {
  PublishStory story;
  const std::string message = from_backend("the last words");
  story.backend_sends(message.substr(0, 6));
  REQUIRE(story.publish("news") == Offer::Queued);
  story.backend_sends(message.substr(6) + kBackendClose);
  CHECK(story.client.from_proxy == message + bytes("news") + kBackendClose);
}

TEST_CASE("nothing follows the FIN of the backend, but the FIN of the client hinders nobody") {
  PublishStory story;
  story.client.fin = true;
  story.settle();
  CHECK(story.publish("news") == Offer::Sent);
  story.backend_sends(fragment(kBegin, "never ends"));
  CHECK(story.publish("waits in vain") == Offer::Queued);
  story.backend.fin = true;
  story.settle();
  CHECK(story.client.from_proxy == bytes("news") + fragment(kBegin, "never ends"));
  CHECK(story.client.proxy_fin);
  CHECK(story.dropped() == 1);
  CHECK(story.proxy.fault_at_the_end().empty());
}

TEST_CASE("where boundaries are not known nothing is put, and bytes pass on") {
  PublishStory story;
  const std::string message = from_backend("hello");
  story.backend_sends(message.substr(0, 3));
  REQUIRE(story.publish("waits") == Offer::Queued);
  const std::string broken("\x82\x7f\xff\0\0\0\0\0\0\0", 10);
  story.backend_sends(message.substr(3) + broken + "whatever");
  CHECK(story.client.from_proxy == message + bytes("waits") + broken + "whatever");
  CHECK(story.publish("news") == Offer::Refused);
  story.backend_sends("more");
  CHECK(story.client.from_proxy == message + bytes("waits") + broken + "whatever" + "more");
}

TEST_CASE("a session that ends while one waits leaves nothing") {
  const bool by_client = GENERATE(true, false);
  PublishStory story;
  story.backend_sends(fragment(kBegin, "begun"));
  REQUIRE(story.publish("waits") == Offer::Queued);
  story.reset(by_client ? story.client : story.backend);
  CHECK(story.dropped() == 1);
  story.expect_end(by_client ? CloseReason::ClientReset : CloseReason::BackendReset);
}

TEST_CASE("a client that is gone when it is published ends as by any other byte") {
  PublishStory story;
  story.client.reset = true;
  CHECK(story.publish("news") == Offer::Refused);
  CHECK(story.sent() == 0);
  story.expect_end(CloseReason::ClientReset);
}

TEST_CASE("a session whose client takes published messages is not idle") {
  PublishStory story;
  REQUIRE(story.proxy.loop().advance(59min, 10s));
  CHECK(story.publish("news") == Offer::Sent);
  REQUIRE(story.proxy.loop().advance(59min, 10s));
  story.expect_live();
  story.wait(2min);
  CHECK(story.client.from_proxy.starts_with(bytes("news") + "\x88"));
}

TEST_CASE("what clients say is passed on while something waits for them") {
  PublishStory story;
  story.backend_sends(fragment(kBegin, "begun"));
  REQUIRE(story.publish("waits") == Offer::Queued);
  story.client_sends(from_client("hello"));
  CHECK(story.backend.from_proxy == from_client("hello"));
}
