#include "sharing/shared_pin.h"

#include <string>

#include "tests/support/catch.h"

namespace limpet::sharing {
namespace {

using affinity::Key;
using affinity::KeyKind;
using affinity::PinReason;

const SharedPin kPin{.backend = "chat 1", .reason = PinReason::Failover, .by_hand = true};

PinChange change_of(std::string_view text, std::optional<SharedPin> pin) {
  return {.pool = "chat", .key = Key::make(KeyKind::Header, text), .pin = std::move(pin)};
}

TEST_CASE("a value says what was written") {
  CHECK(write_value(kPin) == "1|failover|1|chat 1");
  CHECK(read_value(write_value(kPin)) == kPin);
  const SharedPin odd{.backend = "a|b%7C:\xf0\x9f\x90\x9a", .reason = PinReason::Hash};
  CHECK(read_value(write_value(odd)) == odd);
}

TEST_CASE("what is no value says nothing") {
  const std::string name = GENERATE(as<std::string>(), "", "1", "1|", "1|hash", "1|hash|0", "1|hash|0|",
                                    "2|hash|0|a", "1|hush|0|a", "1|hash|2|a", "1||0|a", " 1|hash|0|a");
  CHECK_FALSE(read_value(name));
  CHECK_FALSE(read_value("1|hash|0|" + std::string(kMaxNameBytes + 1, 'x')));
}

TEST_CASE("the keys of one prefix share a hash tag") {
  CHECK(write_key("limpet", "chat", Key::make(KeyKind::ClientIp, "10.0.0.1")) ==
        "{limpet}:pin:client_ip:chat:10.0.0.1");
}

TEST_CASE("a change says what was written, whatever stands in a key or a name") {
  const std::string text = GENERATE(as<std::string>(), "ann", "a|b", "%", std::string("\0x|", 3), "|||");
  for (const auto& pin : {std::optional<SharedPin>(kPin), std::optional<SharedPin>()}) {
    const auto read = read_change(write_change(change_of(text, pin)));
    REQUIRE(read);
    CHECK(read->pool == "chat");
    CHECK(read->key.kind == KeyKind::Header);
    CHECK(read->key.text == text);
    CHECK(read->pin == pin);
  }
}

TEST_CASE("what is no change says nothing") {
  const std::string text = GENERATE(
      as<std::string>(), "", "1", "1|set|header|chat||ann", "1|set|header|chat|1%7Chash%7C0%7Ca|",
      "1|set|shoe|chat|1%7Chash%7C0%7Ca|ann", "1|forget|header|chat|x|ann", "1|lose|header|chat||ann",
      "1|forget|header||ann", "1|forget|header|||ann", "1|set|header|chat|1%7|ann",
      "1|set|header|c%zz|1%7Chash%7C0%7Ca|ann", "2|forget|header|chat||ann");
  CAPTURE(text);
  CHECK_FALSE(read_change(text));
  CHECK_FALSE(read_change("1|forget|header|chat||" + std::string(affinity::kMaxKeyBytes + 1, 'x')));
}

TEST_CASE("every cut of a change is refused") {
  const std::string whole = write_change(change_of("ann", kPin));
  for (std::size_t i = 0; i + 3 < whole.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(read_change(whole.substr(0, i)));
  }
}

}  // namespace
}  // namespace limpet::sharing
