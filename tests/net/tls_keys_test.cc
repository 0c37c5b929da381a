// The keys of TLS 1.3 records, against the numbers of RFC 8448.
#include "net/tls_keys.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "tests/support/catch.h"

using namespace limpet;
using net::TlsKeys;
using net::TlsSuite;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes hex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  return read_hex(text, bytes) ? bytes : Bytes{};
}

template <typename Range>
Bytes bytes_in(const Range& range) {
  return {range.begin(), range.end()};
}

// RFC 8448 3: server_application_traffic_secret_0 of the simple handshake, with TLS_AES_128_GCM_SHA256.
const Bytes kSecret = hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");

}  // namespace

TEST_CASE("key and nonce are those of the RFC") {
  TlsKeys keys;
  CHECK(keys.number() == 0);
  REQUIRE(keys.begin(TlsSuite::Aes128GcmSha256, kSecret, 0));
  CHECK(bytes_in(keys.key()) == hex("9f02283b6c9c07efc26bb9f2ac92e356"));
  CHECK(bytes_in(keys.take_nonce()) == hex("cf782b88dd83549aadf1e984"));
  CHECK(bytes_in(keys.take_nonce()) == hex("cf782b88dd83549aadf1e985"));
  CHECK(keys.passed() == 2);
}

TEST_CASE("records that have passed before are counted in the nonce, all eight bytes of the number") {
  TlsKeys keys;
  REQUIRE(keys.begin(TlsSuite::Aes128GcmSha256, kSecret, 0x0102'0304'0506'0708));
  CHECK(bytes_in(keys.take_nonce()) == hex("cf782b88dc81579ea8f7ee8c"));
}

TEST_CASE("a secret of another length than the suite's is refused") {
  TlsKeys keys;
  CHECK_FALSE(keys.begin(TlsSuite::Aes256GcmSha384, kSecret, 0));
  CHECK_FALSE(keys.begin(TlsSuite::Aes128GcmSha256, std::span(kSecret).first(31), 0));
  CHECK_FALSE(keys.begin(TlsSuite::Aes128GcmSha256, {}, 0));
}

TEST_CASE("each key has a number of its own, and begins to count anew") {
  TlsKeys one;
  TlsKeys other;
  REQUIRE(one.begin(TlsSuite::ChaCha20Poly1305Sha256, kSecret, 5));
  REQUIRE(other.begin(TlsSuite::ChaCha20Poly1305Sha256, kSecret, 5));
  CHECK(one.number() != other.number());
  const std::uint64_t before = one.number();
  const Bytes key = bytes_in(one.key());
  REQUIRE(one.go_on());
  CHECK(one.number() != before);
  CHECK(one.passed() == 0);
  CHECK(bytes_in(one.key()) != key);
}

TEST_CASE("suites are known by their numbers") {
  CHECK(net::tls_suite_of(0x1301) == TlsSuite::Aes128GcmSha256);
  CHECK(net::tls_suite_of(0x1302) == TlsSuite::Aes256GcmSha384);
  CHECK(net::tls_suite_of(0x1303) == TlsSuite::ChaCha20Poly1305Sha256);
  for (const std::uint16_t id : std::vector<std::uint16_t>{0x1304, 0x1305, 0x1300, 0xc02f, 0}) {
    CHECK_FALSE(net::tls_suite_of(id));
  }
}
