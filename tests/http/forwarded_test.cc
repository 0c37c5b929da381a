#include "http/forwarded.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::http;

namespace {

IpAddress ip(const std::string& text) {
  return IpAddress::parse(text).value();
}

const std::vector<IpNetwork> kTrusted{IpNetwork::parse("10.0.0.0/8").value(),
                                      IpNetwork::parse("fd00::/8").value()};

std::string client_behind(const std::string& peer, const std::vector<std::string>& lists) {
  Fields fields;
  fields.add({"Forwarded", "for=9.9.9.9"});
  for (const std::string& list : lists) {
    fields.add({"x-forwarded-for", list});
  }
  return client_address(ip(peer), fields, kTrusted).to_string();
}

}  // namespace

TEST_CASE("the client is the rightmost hop that is not trusted") {
  struct Case {
    std::string peer;
    std::vector<std::string> lists;
    std::string client;
  };
  for (const Case& c : std::vector<Case>{
           {"10.0.0.1", {}, "10.0.0.1"},
           {"10.0.0.1", {""}, "10.0.0.1"},
           {"10.0.0.1", {"1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"6.6.6.6, 1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"6.6.6.6,1.2.3.4,10.0.0.2"}, "1.2.3.4"},
           {"10.0.0.1", {"6.6.6.6", "1.2.3.4", "10.0.0.2"}, "1.2.3.4"},
           {"10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
           {"10.0.0.1", {"1.2.3.4, , \t, 10.0.0.2,"}, "1.2.3.4"},
           {"10.0.0.1", {"1.2.3.4:80"}, "1.2.3.4"},
           {"10.0.0.1", {"[2001:db8::1]"}, "2001:db8::1"},
           {"10.0.0.1", {"[2001:db8::1]:443"}, "2001:db8::1"},
           {"10.0.0.1", {"2001:db8::1"}, "2001:db8::1"},
           {"10.0.0.1", {"::ffff:1.2.3.4"}, "1.2.3.4"},
           {"fd00::1", {"1.2.3.4, fd00::2"}, "1.2.3.4"},
           {"::ffff:10.0.0.1", {"1.2.3.4, ::ffff:10.0.0.2"}, "1.2.3.4"},
       }) {
    CAPTURE(c.peer, c.lists);
    CHECK(client_behind(c.peer, c.lists) == c.client);
  }
}

TEST_CASE("a peer that is not trusted is the client whatever it says") {
  CHECK(client_behind("1.2.3.4", {"6.6.6.6"}) == "1.2.3.4");
  CHECK(client_behind("::1", {"6.6.6.6"}) == "::1");
}

TEST_CASE("an entry that is no address ends the walk") {
  for (const std::string entry :
       {"unknown", "_hidden", "1.2.3", "1.2.3.4:", "1.2.3.4:http", "1.2.3.4:80:80", "[::1", "[::1]80",
        "[::1]:", "[1.2.3.4]", "[]", "[", ":80", "\"1.2.3.4\"", "fe80::1%eth0"}) {
    CAPTURE(entry);
    CHECK(client_behind("10.0.0.1", {"6.6.6.6", entry}) == "10.0.0.1");
    CHECK(client_behind("10.0.0.1", {"6.6.6.6, " + entry + ", 10.0.0.2"}) == "10.0.0.2");
  }
}

TEST_CASE("only a trusted peer can say that the client came over TLS") {
  struct Case {
    std::string proto;
    bool trusted;
    bool tls;
  };
  for (const Case& c : std::vector<Case>{
           {"https", true, true},
           {"HTTPS", true, true},
           {"https, http", true, true},
           {"http", true, false},
           {"http, https", true, false},
           {"", true, false},
           {"https", false, false},
       }) {
    CAPTURE(c.proto, c.trusted);
    Fields fields;
    fields.add({"X-Forwarded-Proto", c.proto});
    CHECK(client_used_tls(fields, c.trusted) == c.tls);
  }
  CHECK_FALSE(client_used_tls(Fields{}, true));
}
