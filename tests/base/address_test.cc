#include "base/address.h"

#include "tests/support/catch.h"

using namespace limpet;

TEST_CASE("an IPv4-mapped IPv6 address equals its IPv4 address") {
  const auto mapped = IpAddress::parse("::ffff:10.1.2.3");
  const auto plain = IpAddress::parse("10.1.2.3");
  REQUIRE(mapped.has_value());
  CHECK(*mapped == *plain);
  CHECK(mapped->is_v4());
  CHECK(mapped->to_string() == "10.1.2.3");
}

TEST_CASE("masking counts bits within the family") {
  CHECK(IpAddress::parse("10.1.2.3")->masked(8).to_string() == "10.0.0.0");
  CHECK(IpAddress::parse("10.1.2.3")->masked(32).to_string() == "10.1.2.3");
  CHECK(IpAddress::parse("10.255.2.3")->masked(9).to_string() == "10.128.0.0");
  CHECK(IpAddress::parse("2001:db8:1:2:3::9")->masked(64).to_string() == "2001:db8:1:2::");
  CHECK(IpAddress::parse("2001:db8::1")->masked(0).to_string() == "::");
}

TEST_CASE("what is not an address is not parsed") {
  for (const char* text :
       {"", "10.0.0", "10.0.0.256", "1.2.3.4 ", "01.2.3.4x", "::g", "[::1]", "localhost"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text).has_value());
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)).has_value());
  CHECK_FALSE(IpAddress::parse(std::string_view("::1\0", 4)).has_value());
  CHECK_FALSE(Endpoint::parse(std::string_view("unix:/a\0b", 9)).ok());
  CHECK_FALSE(Endpoint::parse(std::string_view("a\0b:80", 6)).ok());
}

TEST_CASE("a network contains its own addresses and no others") {
  const auto network = IpNetwork::parse("10.0.0.0/8");
  REQUIRE(network.has_value());
  CHECK(network->contains(*IpAddress::parse("10.200.0.1")));
  CHECK(network->contains(*IpAddress::parse("::ffff:10.200.0.1")));
  CHECK_FALSE(network->contains(*IpAddress::parse("11.0.0.1")));
  CHECK_FALSE(network->contains(*IpAddress::parse("::1")));
  CHECK(IpNetwork::parse("10.1.2.3/8")->to_string() == "10.0.0.0/8");
  CHECK_FALSE(IpNetwork::parse("10.0.0.0/33").has_value());
  CHECK_FALSE(IpNetwork::parse("10.0.0.0/-1").has_value());
  CHECK_FALSE(IpNetwork::parse("10.0.0.0/").has_value());
}

TEST_CASE("an endpoint is host and port, bracketed v6 and port, or a socket path") {
  CHECK(Endpoint::parse("app.internal:3000")->host == "app.internal");
  CHECK(Endpoint::parse("[::1]:80")->host == "::1");
  CHECK(Endpoint::parse("[::1]:80")->to_string() == "[::1]:80");
  CHECK(Endpoint::parse("unix:/run/app.sock")->path == "/run/app.sock");
  for (const char* text : {"", "10.0.0.1", ":80", "host:", "host:65536", "host:-1", "::1:80", "[::1]",
                           "[1.2.3.4]:80", "unix:relative", "unix:", "ho st:80", "http://host:80"}) {
    INFO(text);
    CHECK_FALSE(Endpoint::parse(text).ok());
  }
}

TEST_CASE("a socket address survives the way through the system's form") {
  for (const char* text : {"127.0.0.1:80", "[2001:db8::1]:443", "unix:/tmp/x.sock"}) {
    const auto address = *Endpoint::parse(text)->literal();
    sockaddr_storage native{};
    const socklen_t length = address.to_native(native);
    CHECK(SocketAddress::from_native(native, length) == address);
    CHECK(address.to_string() == text);
  }
}
