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

struct Said {
  std::vector<std::string> elements{};  // of Forwarded, a text a field
  std::vector<std::string> entries{};   // of X-Forwarded-For
  std::vector<std::string> protos{};    // of X-Forwarded-Proto
};

Origin origin_behind(const std::string& peer, const Said& said) {
  Fields fields;
  // What a client may send to mislead readers that take '_' for '-'.
  fields.add({"X_Forwarded_For", "9.9.9.9"});
  for (const std::string& list : said.elements) {
    fields.add({"forwardED", list});
  }
  for (const std::string& list : said.entries) {
    fields.add({"x-forwarded-for", list});
  }
  for (const std::string& list : said.protos) {
    fields.add({"x-forwarded-proto", list});
  }
  return read_origin(ip(peer), fields, kTrusted);
}

std::string client_behind(const std::string& peer, const std::vector<std::string>& entries) {
  return origin_behind(peer, {.entries = entries}).client.to_string();
}

std::string forwarded_client(const std::string& peer, const std::vector<std::string>& elements) {
  return origin_behind(peer, {.elements = elements}).client.to_string();
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
  CHECK(forwarded_client("1.2.3.4", {"for=6.6.6.6"}) == "1.2.3.4");
  CHECK_FALSE(
      origin_behind("1.2.3.4", {.elements = {"for=1.2.3.4;proto=https"}, .protos = {"https"}}).used_tls);
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

TEST_CASE("Forwarded leads to the client as X-Forwarded-For does") {
  struct Case {
    std::string peer;
    std::vector<std::string> lists;
    std::string client;
  };
  for (const Case& c : std::vector<Case>{
           {"10.0.0.1", {""}, "10.0.0.1"},
           {"10.0.0.1", {"for=1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"FOR=1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"for=\"1.2.3.4\""}, "1.2.3.4"},
           {"10.0.0.1", {"for=\"1.2.3.4:80\""}, "1.2.3.4"},
           {"10.0.0.1", {"for=\"1.2.3.4:_port-1.a_B\""}, "1.2.3.4"},
           {"10.0.0.1", {"For=\"[2001:db8:cafe::17]:4711\""}, "2001:db8:cafe::17"},
           {"10.0.0.1", {"for=\"[2001:db8::1]\""}, "2001:db8::1"},
           {"10.0.0.1", {"for=\"[::ffff:1.2.3.4]\""}, "1.2.3.4"},
           {"10.0.0.1", {"for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60"},
           {"10.0.0.1", {"proto=http;by=_a;FoR=192.0.2.60;host=b;secret=\"c;for=6.6.6.6\""}, "192.0.2.60"},
           {"10.0.0.1", {";;for=1.2.3.4;;"}, "1.2.3.4"},
           {"10.0.0.1", {"for=6.6.6.6, for=1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"for=6.6.6.6,for=1.2.3.4,for=10.0.0.2"}, "1.2.3.4"},
           {"10.0.0.1", {"for=6.6.6.6", "for=1.2.3.4", "for=10.0.0.2"}, "1.2.3.4"},
           {"10.0.0.1", {"for=10.0.0.3, for=10.0.0.2"}, "10.0.0.3"},
           {"10.0.0.1", {" , for=1.2.3.4 ,\t, for=10.0.0.2,"}, "1.2.3.4"},
           {"10.0.0.1", {"for=1.2.3.4;host=\"a, for=6.6.6.6\""}, "1.2.3.4"},
           {"10.0.0.1", {"for=1.2.3.4;host=\"a\\\", for=6.6.6.6\", for=10.0.0.2"}, "1.2.3.4"},
           {"10.0.0.1", {"for=6.6.6.6;host=\"a\\\\\", for=1.2.3.4"}, "1.2.3.4"},
           {"10.0.0.1", {"for=6.6.6.6;host=\"a\\\\\\\", for=1.2.3.4\", for=10.0.0.2"}, "6.6.6.6"},
           {"fd00::1", {"for=1.2.3.4, for=\"[fd00::2]:80\""}, "1.2.3.4"},
       }) {
    CAPTURE(c.peer, c.lists);
    CHECK(forwarded_client(c.peer, c.lists) == c.client);
  }
}

TEST_CASE("an element of Forwarded that names no address ends the walk") {
  for (const std::string element : {"for=unknown",
                                    "for=UNKNOWN",
                                    "for=\"unknown:80\"",
                                    "for=_hidden",
                                    "for=\"_hidden:_port\"",
                                    "proto=http",
                                    "by=1.2.3.4",
                                    "for=",
                                    "for",
                                    "=1.2.3.4",
                                    "1.2.3.4",
                                    "for=\"\"",
                                    "for=1.2.3",
                                    "for=example.com",
                                    "for=1.2.3.4:80",
                                    "for=[::1]",
                                    "for=\"::1\"",
                                    "for=\"2001:db8::1\"",
                                    "for=\"[1.2.3.4]\"",
                                    "for=\"[::1\"",
                                    "for=\"[::1]80\"",
                                    "for=\"[::1]:\"",
                                    "for=\"1.2.3.4:\"",
                                    "for=\"1.2.3.4:http\"",
                                    "for=\"1.2.3.4:123456\"",
                                    "for=\"1.2.3.4:_\"",
                                    "for=\"1.2.3.4:_a b\"",
                                    "for=\"1.2.3.4:80:80\"",
                                    "for=\" 1.2.3.4\"",
                                    "for=\"1\\.2.3.4\"",
                                    "for=_",
                                    "for=_a!",
                                    "for= 1.2.3.4",
                                    "for =1.2.3.4",
                                    "for=1.2.3.4 ;proto=http",
                                    "for=1.2.3.4; proto=http",
                                    "for=1.2.3.4 by=_a",
                                    "for=1.2.3.4;for=1.2.3.4",
                                    "for=1.2.3.4;proto=http;proto=http",
                                    "for=1.2.3.4;by=_a;BY=_a",
                                    "for=1.2.3.4;host=a;host=a",
                                    "for=1.2.3.4;proto",
                                    "for=1.2.3.4;a=b=c",
                                    "for=1.2.3.4;a b=c",
                                    "for=1.2.3.4;a=\"b",
                                    "for=1.2.3.4;a=b\"",
                                    "for=1.2.3.4;a=\"b\"c",
                                    "for=1.2.3.4;a=\"b\\\"",
                                    "for=1.2.3.4;a=\"b\x01\"",
                                    "for=\"1.2.3.4",
                                    "for=1.2.3.4\"",
                                    "\"for=1.2.3.4\"",
                                    "\"for\"=1.2.3.4"}) {
    CAPTURE(element);
    CHECK(forwarded_client("10.0.0.1", {"for=6.6.6.6", element}) == "10.0.0.1");
    CHECK(forwarded_client("10.0.0.1", {"for=6.6.6.6, " + element + ", for=10.0.0.2"}) == "10.0.0.2");
  }
}

TEST_CASE("what a client wrote does not change how the element of the proxy behind it is read") {
  for (const std::string client :
       {"for=\"", "for=6.6.6.6;host=\"a", "\"", "\\", "\"\\", "a=\"\\\"", "\"\"\"", ";"}) {
    CAPTURE(client);
    CHECK(forwarded_client("10.0.0.1", {client + ", for=1.2.3.4"}) == "1.2.3.4");
    CHECK(forwarded_client("10.0.0.1", {client + ", for=\"1.2.3.4:80\";host=\"a\\\"b\""}) == "1.2.3.4");
    CHECK(forwarded_client("10.0.0.1", {client, "for=1.2.3.4, for=10.0.0.2"}) == "1.2.3.4");
  }
}

TEST_CASE("two headers are believed when they lead to the same client and not otherwise") {
  struct Case {
    std::vector<std::string> elements;
    std::vector<std::string> entries;
    std::string client;
    bool believed;
  };
  for (const Case& c : std::vector<Case>{
           {{"for=1.2.3.4"}, {"1.2.3.4"}, "1.2.3.4", true},
           {{"for=6.6.6.6, for=\"1.2.3.4:80\""}, {"7.7.7.7", "1.2.3.4, 10.0.0.2"}, "1.2.3.4", true},
           {{"for=unknown"}, {"unknown"}, "10.0.0.1", true},
           {{"for=6.6.6.6"}, {"1.2.3.4"}, "10.0.0.1", false},
           {{"for=1.2.3.4"}, {"6.6.6.6"}, "10.0.0.1", false},
           {{"for=1.2.3.4, for=10.0.0.2"}, {"6.6.6.6, 10.0.0.2"}, "10.0.0.1", false},
           {{"for=1.2.3.4"}, {""}, "10.0.0.1", false},
           {{""}, {"1.2.3.4"}, "10.0.0.1", false},
           {{"for=unknown"}, {"1.2.3.4"}, "10.0.0.1", false},
           {{"nonsense"}, {"1.2.3.4"}, "10.0.0.1", false},
       }) {
    CAPTURE(c.elements, c.entries);
    const Origin origin =
        origin_behind("10.0.0.1", {.elements = c.elements, .entries = c.entries, .protos = {"https"}});
    CHECK(origin.client.to_string() == c.client);
    CHECK(origin.used_tls == c.believed);
  }
}

TEST_CASE("the client came over TLS when the proxy next to it says so") {
  struct Case {
    std::string rule;
    Said said;
    bool tls;
  };
  for (const Case& c : std::vector<Case>{
           {"nobody says anything", {.entries = {"1.2.3.4"}}, false},
           {"an empty word", {.entries = {"1.2.3.4"}, .protos = {""}}, false},
           {"one proxy", {.entries = {"1.2.3.4"}, .protos = {"HTTPS"}}, true},
           {"one proxy without TLS", {.entries = {"1.2.3.4"}, .protos = {"http"}}, false},
           {"a word that is no scheme we know", {.entries = {"1.2.3.4"}, .protos = {"wss"}}, false},
           {"a proxy that gives no address", {.protos = {"https"}}, true},
           {"a client's word before that of its proxy",
            {.entries = {"1.2.3.4"}, .protos = {"https, http"}},
            false},
           {"the same in a field of its own", {.entries = {"1.2.3.4"}, .protos = {"https", "http"}}, false},
           {"a client that claims to have none", {.entries = {"1.2.3.4"}, .protos = {"http", "https"}}, true},
           {"two proxies, TLS in front", {.entries = {"1.2.3.4, 10.0.0.2"}, .protos = {"https, http"}}, true},
           {"two proxies, TLS between", {.entries = {"1.2.3.4, 10.0.0.2"}, .protos = {"http, https"}}, false},
           {"two proxies behind a client that made up a hop",
            {.entries = {"6.6.6.6, 1.2.3.4, 10.0.0.2"}, .protos = {"https, http, http"}},
            false},
           {"two proxies of which one says how the client came",
            {.entries = {"1.2.3.4, 10.0.0.2"}, .protos = {"https"}},
            true},
           {"three proxies and two words",
            {.entries = {"1.2.3.4, 10.0.0.3, 10.0.0.2"}, .protos = {"https, https"}},
            false},
           {"Forwarded", {.elements = {"for=1.2.3.4;proto=https"}}, true},
           {"Forwarded, other case and quotes", {.elements = {"Proto=\"HTTPS\";for=1.2.3.4"}}, true},
           {"Forwarded without proto", {.elements = {"for=1.2.3.4"}}, false},
           {"Forwarded of a client that gives no address", {.elements = {"for=unknown;proto=https"}}, true},
           {"Forwarded with proto alone", {.elements = {"proto=https"}}, true},
           {"Forwarded, a client's element",
            {.elements = {"for=6.6.6.6;proto=https, for=1.2.3.4;proto=http"}},
            false},
           {"Forwarded, a client's element and none of its proxy's",
            {.elements = {"for=6.6.6.6;proto=https, for=1.2.3.4"}},
            false},
           {"Forwarded, a client's element that gives no address",
            {.elements = {"for=unknown;proto=https, for=10.0.0.2;proto=http"}},
            false},
           {"Forwarded, two proxies",
            {.elements = {"for=1.2.3.4;proto=https, for=10.0.0.2;proto=http"}},
            true},
           {"an element with an empty pair", {.elements = {"for=1.2.3.4;proto=https; "}}, true},
           {"a malformed pair", {.elements = {"for=1.2.3.4;proto=https;a"}}, false},
           {"both agree", {.elements = {"for=1.2.3.4;proto=https"}, .protos = {"https"}}, true},
           {"a client's Forwarded and the proxy's word",
            {.elements = {"for=1.2.3.4;proto=https"}, .entries = {"1.2.3.4"}, .protos = {"http"}},
            false},
           {"a client's word and the proxy's Forwarded",
            {.elements = {"for=1.2.3.4;proto=http"}, .entries = {"1.2.3.4"}, .protos = {"https"}},
            false},
       }) {
    CAPTURE(c.rule);
    CHECK(origin_behind("10.0.0.1", c.said).used_tls == c.tls);
  }
}
