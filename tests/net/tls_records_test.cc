// Records of TLS 1.3 without a handshake and without a socket; against the library: tls_takeover_test.cc.
#include "net/tls_records.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tests/net/tls_records_pair.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using net::TlsContent;
using net::TlsRecords;
using Found = TlsRecords::Found;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kUpdate = "\x18\0\0\x01\0"sv;
constexpr std::string_view kUpdateAndAnswer = "\x18\0\0\x01\x01"sv;

struct Pair {
  explicit Pair(std::uint16_t suite = kAes128) : client(false, suite), server(true, suite) {
    REQUIRE(client.is_open);
    REQUIRE(server.is_open);
  }
  TlsRecords::Opened pass(std::string_view content, TlsContent type = TlsContent::Data) {
    Sealed sealed = client.seal(content, type);
    return server.open(sealed);
  }
  void expect_fault(const TlsRecords::Opened& opened, int alert) {
    CHECK(opened.found == Found::Fault);
    CHECK(opened.bytes == 0);
    CHECK(server.records.alert() == alert);
    CHECK_FALSE(server.records.fault().empty());
  }

  RecordsEnd client;
  RecordsEnd server;
};

}  // namespace

TEST_CASE("what one end seals the other opens, with each suite and both ways") {
  Pair pair(GENERATE(kAes128, kAes256, kChaCha));
  for (const std::size_t size : {1U, 125U, 1000U, 16384U}) {
    const std::string text(size, 'x');
    const auto there = pair.pass(text);
    CHECK(there.found == Found::Data);
    CHECK(there.taken == TlsRecords::kHeaderBytes + size + 1 + 16);
    CHECK(pair.server.data(there) == text);
    Sealed back = pair.server.seal(text);
    CHECK(pair.client.data(pair.client.open(back)) == text);
  }
}

TEST_CASE("a connection that takes its key out of the cipher hurts no other one, nor itself") {
  const std::uint16_t suite = GENERATE(kAes128, kAes256, kChaCha);
  Pair gone(suite);
  Pair pair(suite);
  net::TlsAead aead;
  std::array<std::uint8_t, 64> room{};
  const auto pass = [&](Pair& between, std::string_view text) {
    std::vector<std::uint8_t> sealed;
    REQUIRE(between.client.records.seal(aead, TlsContent::Data, bytes_of(text), sealed));
    const auto opened = between.server.records.open(aead, sealed, room);
    CHECK(opened.found == Found::Data);
    CHECK(std::string_view(reinterpret_cast<const char*>(room.data()), opened.bytes) == text);
  };
  pass(pair, "one");
  pass(gone, "last");
  gone.server.records.leave(aead);
  gone.client.records.leave(aead);
  pass(pair, "two");
  pair.server.records.leave(aead);
  pass(pair, "three");
}

TEST_CASE("connections take turns with one cipher of the loop") {
  net::TlsAead aead;
  RecordsEnd one(false, kAes128);
  RecordsEnd two(false, kAes128);
  RecordsEnd to_one(true, kAes128);
  RecordsEnd to_two(true, kAes128);
  for (int i = 0; i < 3; ++i) {
    for (auto [from, to] : {std::pair{&one, &to_one}, std::pair{&two, &to_two}, std::pair{&two, &to_two}}) {
      Sealed sealed;
      const std::array<std::uint8_t, 3> text{'a', 'b', static_cast<std::uint8_t>(i)};
      REQUIRE(from->records.seal(aead, TlsContent::Data, text, sealed));
      Sealed room(100);
      const auto opened = to->records.open(aead, sealed, room);
      CHECK(opened.found == Found::Data);
      CHECK(std::ranges::equal(std::span(room).first(opened.bytes), text));
    }
  }
}

TEST_CASE("a record that is not whole is waited for, and one without room is not touched") {
  Pair pair;
  Sealed sealed = pair.client.seal("hello");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    CHECK(TlsRecords::whole_record(std::span(sealed).first(size)) == 0);
    CHECK(pair.server.open(std::span(sealed).first(size)).found == Found::NeedMore);
  }
  CHECK(TlsRecords::whole_record(sealed) == sealed.size());
  std::array<std::uint8_t, 5> small{};
  CHECK(pair.server.records.open(pair.server.aead, sealed, small).found == Found::NeedRoom);
  CHECK(pair.server.data(pair.server.open(sealed)) == "hello");
}

TEST_CASE("a record can be opened where it is") {
  Pair pair(GENERATE(kAes128, kAes256, kChaCha));
  Sealed sealed = pair.client.seal("hello");
  const auto inside = std::span(sealed).subspan(TlsRecords::kHeaderBytes);
  const auto opened = pair.server.records.open(pair.server.aead, sealed, inside);
  CHECK(opened.found == Found::Data);
  CHECK(std::string(inside.begin(), inside.begin() + 5) == "hello");
}

TEST_CASE("a record of which a bit is another is a fault, wherever it is") {
  const Sealed sealed = Pair().client.seal("hello");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Pair pair;
    Sealed other = sealed;
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    other.resize(other.size() + TlsRecords::kMostSealed);  // whatever its length says
    INFO(bit);
    CHECK(pair.server.open(other).found == Found::Fault);
  }
}

TEST_CASE("a record comes once, and in its order") {
  Pair pair;
  Sealed first = pair.client.seal("1");
  Sealed second = pair.client.seal("2");
  SECTION("again") {
    Sealed again = first;
    CHECK(pair.server.open(first).found == Found::Data);
    pair.expect_fault(pair.server.open(again), SSL_AD_BAD_RECORD_MAC);
  }
  SECTION("too early") {
    pair.expect_fault(pair.server.open(second), SSL_AD_BAD_RECORD_MAC);
  }
}

TEST_CASE("what has no place behind the handshake is a fault with its alert") {
  Pair pair;
  SECTION("a ChangeCipherSpec, plain or sealed") {
    Sealed plain{20, 3, 3, 0, 1, 1};
    pair.expect_fault(pair.server.open(plain), SSL_AD_UNEXPECTED_MESSAGE);
    pair.expect_fault(pair.pass("\x01", TlsContent::ChangeCipherSpec), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("an alert in plain text") {
    Sealed plain{21, 3, 3, 0, 2, 1, 0};
    pair.expect_fault(pair.server.open(plain), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("another version") {
    Sealed sealed = pair.client.seal("x");
    sealed[2] = 1;
    pair.expect_fault(pair.server.open(sealed), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("a request in plain text") {
    Sealed plain{'G', 'E', 'T', ' ', '/', ' '};
    pair.expect_fault(pair.server.open(plain), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("a record that is too long by its header alone") {
    Sealed plain{23, 3, 3, 0x41, 0x01};
    pair.expect_fault(pair.server.open(plain), SSL_AD_RECORD_OVERFLOW);
  }
  SECTION("more plain bytes than a record may have") {
    pair.expect_fault(pair.pass(std::string(TlsRecords::kMostPlain + 1, 'x')), SSL_AD_RECORD_OVERFLOW);
  }
  SECTION("no room for a tag") {
    Sealed plain{23, 3, 3, 0, 16};
    plain.resize(21);
    pair.expect_fault(pair.server.open(plain), SSL_AD_BAD_RECORD_MAC);
  }
  SECTION("a type that there is not") {
    pair.expect_fault(pair.pass("x", static_cast<TlsContent>(99)), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("no type at all") {
    pair.expect_fault(pair.pass("\0\0"sv, static_cast<TlsContent>(0)), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("an alert of one byte, of three, of none") {
    const std::string_view content = GENERATE("\x01"sv, "\x01\0\0"sv, ""sv);
    pair.expect_fault(pair.pass(content, TlsContent::Alert), SSL_AD_DECODE_ERROR);
  }
  SECTION("a handshake message that only a server sends, or nobody") {
    const std::string_view content =
        GENERATE("\x04\0\0\x05zzzzz"sv, "\x01\0\0\0"sv, "\x18\0\0\x02\0\0"sv, "\x18\x01"sv, ""sv);
    pair.expect_fault(pair.pass(content, TlsContent::Handshake), SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("something behind a KeyUpdate in its record") {
    pair.expect_fault(pair.pass(std::string(kUpdate) + std::string(kUpdate), TlsContent::Handshake),
                      SSL_AD_UNEXPECTED_MESSAGE);
  }
  SECTION("a KeyUpdate that asks for something unknown") {
    pair.expect_fault(pair.pass("\x18\0\0\x01\x02"sv, TlsContent::Handshake), SSL_AD_ILLEGAL_PARAMETER);
  }
  SECTION("data in the middle of a KeyUpdate") {
    CHECK(pair.pass(kUpdate.substr(0, 3), TlsContent::Handshake).found == Found::Nothing);
    pair.expect_fault(pair.pass("x"), SSL_AD_UNEXPECTED_MESSAGE);
  }
}

TEST_CASE("padding is taken away") {
  Pair pair;
  const std::string padded = "hello\x17" + std::string(300, '\0');
  // The type byte that seal() puts behind is one more zero of the padding.
  const auto opened = pair.pass(padded, static_cast<TlsContent>(0));
  CHECK(opened.found == Found::Data);
  CHECK(pair.server.data(opened) == "hello");
}

TEST_CASE("an end is an end, a cancellation is nothing, any other alert breaks the connection") {
  Pair pair;
  CHECK(pair.pass("\x01\x5a"sv, TlsContent::Alert).found == Found::Nothing);
  SECTION("close_notify") {
    CHECK(pair.pass("\x01\0"sv, TlsContent::Alert).found == Found::End);
  }
  SECTION("another") {
    CHECK(pair.pass("\x01\x28"sv, TlsContent::Alert).found == Found::Fault);
    CHECK(pair.server.records.alert() == SSL_AD_CLOSE_NOTIFY);  // nobody is left to be told
    CHECK(pair.server.records.fault() == "handshake failure");
  }
}

TEST_CASE("behind a KeyUpdate, whole or in pieces, the old key is over") {
  const std::size_t cut = GENERATE(0U, 1U, 4U);
  Pair pair;
  if (cut > 0) {
    CHECK(pair.pass(kUpdate.substr(0, cut), TlsContent::Handshake).found == Found::Nothing);
  }
  CHECK(pair.pass(kUpdate.substr(cut), TlsContent::Handshake).found == Found::Nothing);
  CHECK_FALSE(pair.server.records.owes_key_update());
  Sealed old = RecordsEnd(false, kAes128).seal("x");
  pair.expect_fault(pair.server.open(old), SSL_AD_BAD_RECORD_MAC);
}

TEST_CASE("behind a KeyUpdate the next key counts, with each suite") {
  Pair pair(GENERATE(kAes128, kAes256, kChaCha));
  for (int round = 0; round < 3; ++round) {
    if (round == 0) {
      Sealed question = pair.server.seal(kUpdateAndAnswer, TlsContent::Handshake);
      CHECK(pair.client.open(question).found == Found::Nothing);
      CHECK(pair.client.records.owes_key_update());
    }
    Sealed sealed = pair.client.seal("hello");
    const auto first = pair.server.open(sealed);
    CHECK(first.found == (round == 0 ? Found::Nothing : Found::Data));
    const auto rest = std::span(sealed).subspan(first.taken);
    CHECK(pair.server.data(round == 0 ? pair.server.open(rest) : first) == "hello");
  }
}

TEST_CASE("a KeyUpdate that asks for one is answered once, before the next record") {
  Pair pair;
  CHECK(pair.pass(kUpdateAndAnswer, TlsContent::Handshake).found == Found::Nothing);
  CHECK(pair.server.records.owes_key_update());
  Sealed sealed = pair.server.seal("with new keys");
  CHECK_FALSE(pair.server.records.owes_key_update());
  const auto update = pair.client.open(sealed);
  CHECK(update.found == Found::Nothing);
  const auto data = pair.client.open(std::span(sealed).subspan(update.taken));
  CHECK(pair.client.data(data) == "with new keys");
  Sealed owed;
  CHECK(pair.server.records.seal_owed(pair.server.aead, owed));
  CHECK(owed.empty());
}

TEST_CASE("a key that has sealed its share is followed by the next one") {
  RecordsEnd server(true, kAes128, TlsRecords::kMostAKey - 1);
  CHECK(server.seal("the last").size() == 5 + 8 + 1 + 16);
  Sealed sealed = server.seal("the first");
  CHECK(sealed.size() == (5 + 5 + 1 + 16) + (5 + 9 + 1 + 16));
  CHECK(server.seal("the second").size() == 5 + 10 + 1 + 16);
}

TEST_CASE("records without data are counted: 32 in a row, and not one more") {
  Pair pair;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < TlsRecords::kMostEmpty; ++i) {
      CHECK(pair.pass("").found == Found::Nothing);
    }
    CHECK(pair.pass("x").found == Found::Data);
  }
  for (int i = 0; i < TlsRecords::kMostEmpty; ++i) {
    CHECK(pair.pass("\x01\x5a"sv, TlsContent::Alert).found == Found::Nothing);
  }
  pair.expect_fault(pair.pass(""), SSL_AD_UNEXPECTED_MESSAGE);
}

TEST_CASE("sealed records are counted, and nothing else is taken for one") {
  Pair pair;
  Sealed sealed = pair.client.seal("1");
  CHECK(TlsRecords::count_sealed({}) == 0);
  CHECK(TlsRecords::count_sealed(sealed) == 1);
  const Sealed second = pair.client.seal("22");
  sealed.insert(sealed.end(), second.begin(), second.end());
  CHECK(TlsRecords::count_sealed(sealed) == 2);
  CHECK_FALSE(TlsRecords::count_sealed(std::span(sealed).first(sealed.size() - 1)));
  sealed[0] = 22;
  CHECK_FALSE(TlsRecords::count_sealed(sealed));
}

TEST_CASE("without both secrets, or with a suite that is unknown, nothing is taken over") {
  const std::string secret(64, 'a');
  const auto takes_over = [&](const std::vector<std::string>& lines, std::uint16_t suite = kAes128) {
    TlsRecords records;
    for (const std::string& line : lines) {
      records.note_secret(line);
    }
    return records.take_over(suite, 0);
  };
  const std::string client = "CLIENT_TRAFFIC_SECRET_0 ab " + secret;
  const std::string server = "SERVER_TRAFFIC_SECRET_0 ab " + secret;
  CHECK(takes_over({client, server, "EXPORTER_SECRET ab " + secret}));
  CHECK_FALSE(takes_over({}));
  CHECK_FALSE(takes_over({client}));
  CHECK_FALSE(takes_over({server}));
  CHECK_FALSE(takes_over({client, server}, 0x1304));
  CHECK_FALSE(takes_over({client, server}, kAes256));
  CHECK_FALSE(takes_over({client, server + "a"}));
  CHECK_FALSE(takes_over({client, server.substr(0, 40)}));
  CHECK_FALSE(takes_over({client, "SERVER_TRAFFIC_SECRET_0 ab " + std::string(64, 'g')}));
  CHECK_FALSE(takes_over({client, "SERVER_TRAFFIC_SECRET_0 ab " + std::string(200, 'a')}));
}

TEST_CASE("records that were sealed elsewhere wear the key out as well") {
  RecordsEnd end(true, kAes128);
  REQUIRE(end.is_open);
  end.records.count_sealed_elsewhere(net::TlsRecords::kMostAKey - 1);
  CHECK_FALSE(end.records.is_key_update_due());
  end.records.count_sealed_elsewhere(1);
  CHECK(end.records.is_key_update_due());
  REQUIRE(end.records.take_next_key());
  CHECK_FALSE(end.records.is_key_update_due());
  CHECK(end.records.our_keys().passed() == 0);
}
