#include "app/handover_message.h"

#include "net/fd_passing.h"
#include "tests/support/catch.h"

namespace limpet::app {
namespace {

using backends::Health;
using backends::Mode;

const std::vector<HandoverMessage> kSamples{
    Hello{.version = 7, .pid = 4711},
    Sockets{.use = SocketUse::Admin, .begins = false, .name = "127.0.0.1:0"},
    Backends{
        {{"chat", "b1", Health::Up, Mode::Draining},
         {"chat", "b2", Health::Down, Mode::Enabled, false, settings::Rate{50, std::chrono::minutes(1)}}}},
    TicketKeys{"keys"},
    Offered{},
    Pins{"bytes"},
    Ready{},
    Failed{"no such file"},
    Go{},
    Serving{},
    Sessions{123'456'789'012},
};

TEST_CASE("every message is read as it was said") {
  REQUIRE(kSamples.size() == std::variant_size_v<HandoverMessage>);
  for (const HandoverMessage& message : kSamples) {
    const auto read = decode_handover(encode(message));
    REQUIRE(read.ok());
    CHECK(*read == message);
  }
}

TEST_CASE("what is cut short or goes on is refused") {
  for (const HandoverMessage& message : kSamples) {
    const std::string bytes = encode(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO("kind " << message.index() << " cut to " << size);
      CHECK_FALSE(decode_handover(std::string_view(bytes).substr(0, size)).ok());
    }
    CHECK_FALSE(decode_handover(bytes + '\0').ok());
  }
}

TEST_CASE("kinds, uses and words that nobody has are refused") {
  CHECK_FALSE(decode_handover(std::string(1, static_cast<char>(kSamples.size()))).ok());
  CHECK_FALSE(decode_handover("\xff").ok());
  const std::string sockets = encode(Sockets{.use = SocketUse::PinLock, .begins = true, .name = "x"});
  for (const std::size_t at : {std::size_t{1}, std::size_t{2}}) {
    std::string wrong = sockets;
    ++wrong[at];
    CHECK_FALSE(decode_handover(wrong).ok());
  }
  const std::string backends = encode(Backends{{{"p", "b", Health::Awaited, Mode::Disabled}}});
  // Health, mode, closes, whether there is a rate; behind them its twelve bytes.
  for (const std::size_t last : {std::size_t{13}, std::size_t{14}, std::size_t{15}, std::size_t{16}}) {
    std::string wrong = backends;
    wrong[wrong.size() - last] += 2;
    CHECK_FALSE(decode_handover(wrong).ok());
  }
}

TEST_CASE("a word without a rate has one spelling") {
  const std::string backends = encode(Backends{{{"p", "b"}}});
  for (const std::size_t last :
       {std::size_t{12}, std::size_t{8}}) {  // of the events, and of what they are counted in
    std::string wrong = backends;
    ++wrong[wrong.size() - last];
    CHECK_FALSE(decode_handover(wrong).ok());
  }
}

TEST_CASE("a count that is not true is refused without making room for it") {
  std::string bytes = encode(Backends{});
  bytes = bytes.substr(0, 1) + "\x80\x80\x04";  // 65536, and none follows
  CHECK_FALSE(decode_handover(bytes).ok());
  CHECK_FALSE(decode_handover(encode(Pins{std::string(kMaxPinBytes + 1, 'x')})).ok());
}

TEST_CASE("the text of a failure is cut where it is too long") {
  const auto read = decode_handover(encode(Failed{std::string(100'000, 'x')}));
  REQUIRE(read.ok());
  CHECK(std::get<Failed>(*read).detail.size() == kMaxDetailBytes);
}

TEST_CASE("any number of backends is told in messages that fit") {
  CHECK(split({}).empty());
  std::vector<BackendWord> words;
  for (int i = 0; i < 5000; ++i) {
    words.push_back({"pool",
                     "backend-" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 200), 'x'),
                     Health::Up, Mode::Enabled});
  }
  std::vector<BackendWord> read;
  for (const Backends& message : split(words)) {
    const std::string bytes = encode(message);
    CHECK(bytes.size() <= net::kMaxMessageBytes);
    const auto one = decode_handover(bytes);
    REQUIRE(one.ok());
    for (const BackendWord& word : std::get<Backends>(*one).words) {
      read.push_back(word);
    }
  }
  CHECK(read == words);
  CHECK(encode(Pins{std::string(kMaxPinBytes, 'x')}).size() <= net::kMaxMessageBytes);
  CHECK(encode(Failed{std::string(kMaxDetailBytes, 'x')}).size() <= net::kMaxMessageBytes);
}

}  // namespace
}  // namespace limpet::app
