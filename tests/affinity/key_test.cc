#include "affinity/key.h"

#include <optional>
#include <string>

#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using settings::AffinityBy;
using settings::AffinityFallback;

settings::Affinity rule_by(AffinityBy by, std::string name = {}, std::uint32_t segment = 0) {
  settings::Affinity rule;
  rule.by = by;
  rule.by_name = std::move(name);
  rule.by_segment = segment;
  return rule;
}

std::string text_of(const std::optional<Key>& key) {
  return key ? key->text : "(none)";
}

std::string address_key(std::string_view address, unsigned ipv4_prefix, unsigned ipv6_prefix) {
  settings::Affinity rule = rule_by(AffinityBy::ClientIp);
  rule.ipv4_prefix = ipv4_prefix;
  rule.ipv6_prefix = ipv6_prefix;
  const http::RequestHead head;
  return text_of(extract_key(rule, {.address = *IpAddress::parse(address), .request = head}));
}

std::string query_key(std::string_view query) {
  http::RequestHead head;
  head.query = query;
  return text_of(extract_key(rule_by(AffinityBy::Query, "user"), {.address = {}, .request = head}));
}

std::string path_key(std::string_view path, std::uint32_t segment) {
  http::RequestHead head;
  head.path = path;
  return text_of(extract_key(rule_by(AffinityBy::Path, {}, segment), {.address = {}, .request = head}));
}

TEST_CASE("an address is masked by the prefix of its family, which the key shows unless it is whole") {
  CHECK(address_key("10.1.2.3", 32, 64) == "10.1.2.3");
  CHECK(address_key("10.1.2.3", 24, 64) == "10.1.2.0/24");
  CHECK(address_key("10.1.2.3", 9, 64) == "10.0.0.0/9");
  CHECK(address_key("2001:db8:1:2:3:4:5:6", 32, 64) == "2001:db8:1:2::/64");
  CHECK(address_key("2001:db8:1:2:3:4:5:6", 32, 128) == "2001:db8:1:2:3:4:5:6");
  CHECK(address_key("2001:db8:1:2:3:4:5:6", 32, 0) == "::/0");
}

TEST_CASE("an IPv4-mapped address has the key of its IPv4 address") {
  CHECK(address_key("::ffff:10.1.2.3", 32, 64) == "10.1.2.3");
  CHECK(address_key("::ffff:10.1.2.3", 24, 64) == address_key("10.1.2.99", 24, 64));
}

TEST_CASE("the header key is the first field of that name, whatever its case") {
  http::RequestHead head;
  head.fields.add({.name = "X-User", .value = "alice"});
  head.fields.add({.name = "x-user", .value = "bob"});
  const auto key = extract_key(rule_by(AffinityBy::Header, "x-user"), {.address = {}, .request = head});
  REQUIRE(key);
  CHECK(key->kind == KeyKind::Header);
  CHECK(key->text == "alice");
  CHECK(text_of(extract_key(rule_by(AffinityBy::Header, "x-room"), {.address = {}, .request = head})) ==
        "(none)");
}

TEST_CASE("the query key is the raw value of exactly the first parameter of that name") {
  CHECK(query_key("user=alice") == "alice");
  CHECK(query_key("a=1&user=alice&user=bob") == "alice");
  CHECK(query_key("user=a%20b+c") == "a%20b+c");
  CHECK(query_key("user=a=b") == "a=b");
  CHECK(query_key("xuser=1&users=2&USER=3") == "(none)");
  CHECK(query_key("user=&user=bob") == "(none)");
  CHECK(query_key("user") == "(none)");
  CHECK(query_key("&&=&user=x&") == "x");
  CHECK(query_key("") == "(none)");
}

TEST_CASE("the path key is the raw segment of that number, counted from 1") {
  CHECK(path_key("/room/7/chat", 1) == "room");
  CHECK(path_key("/room/7/chat", 2) == "7");
  CHECK(path_key("/room/7/chat", 3) == "chat");
  CHECK(path_key("/room/7/chat", 4) == "(none)");
  CHECK(path_key("/room/7/", 3) == "(none)");
  CHECK(path_key("/a%2Fb/c", 1) == "a%2Fb");
  CHECK(path_key("//c", 1) == "(none)");
  CHECK(path_key("//c", 2) == "c");
  CHECK(path_key("/", 1) == "(none)");
  CHECK(path_key("*", 1) == "(none)");
  CHECK(path_key("", 1) == "(none)");
}

TEST_CASE("a client without its key is known by its address only where the rule falls back to it") {
  const http::RequestHead head;
  const ClientFacts client{.address = *IpAddress::parse("10.1.2.3"), .request = head};
  for (const AffinityBy by : {AffinityBy::Cookie, AffinityBy::Header, AffinityBy::Query, AffinityBy::Path}) {
    settings::Affinity rule = rule_by(by, "user", 1);
    CHECK_FALSE(extract_key(rule, client));
    rule.fallback = AffinityFallback::ClientIp;
    const auto key = extract_key(rule, client);
    REQUIRE(key);
    CHECK(key->kind == KeyKind::ClientIp);
    CHECK(key->text == "10.1.2.3");
  }
}

TEST_CASE("affinity by none gives no key, whatever the fallback") {
  const http::RequestHead head;
  settings::Affinity rule = rule_by(AffinityBy::None);
  rule.fallback = AffinityFallback::ClientIp;
  CHECK_FALSE(extract_key(rule, {.address = *IpAddress::parse("10.1.2.3"), .request = head}));
}

TEST_CASE("a text longer than the bound is replaced by its digest, and the digest by itself") {
  const std::string longest(kMaxKeyBytes, 'x');
  CHECK(Key::make(KeyKind::Header, longest).text == longest);
  const Key digest = Key::make(KeyKind::Header, longest + "x");
  CHECK(digest.text.starts_with("sha1:"));
  CHECK(digest.text.size() <= kMaxKeyBytes);
  CHECK(digest.text != Key::make(KeyKind::Header, longest + "y").text);
  CHECK(Key::make(KeyKind::Header, digest.text).hash == digest.hash);
}

TEST_CASE("the same text of another kind is another key") {
  CHECK(Key::make(KeyKind::Header, "alice").hash != Key::make(KeyKind::Query, "alice").hash);
}

TEST_CASE("a kind's word leads back to the kind") {
  for (const KeyKind kind :
       {KeyKind::Cookie, KeyKind::ClientIp, KeyKind::Header, KeyKind::Query, KeyKind::Path}) {
    CHECK(key_kind_of(word(kind)) == kind);
  }
  CHECK(word(KeyKind::ClientIp) == "client_ip");
  CHECK_FALSE(key_kind_of("ip"));
}

TEST_CASE("the log has a digest of what a client says in a header or a query, and the same of a long one") {
  for (const KeyKind kind : {KeyKind::Header, KeyKind::Query}) {
    CHECK(text_for_log(kind, "abc") == "sha1:a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(text_for_log(kind, "sha1:abc") != "sha1:abc");
    const std::string long_text(kMaxKeyBytes + 1, 'x');
    CHECK(text_for_log(kind, Key::make(kind, long_text).text) == text_for_log(kind, long_text));
  }
}

TEST_CASE("the log has other keys as the table shows them") {
  for (const KeyKind kind : {KeyKind::Cookie, KeyKind::ClientIp, KeyKind::Path}) {
    CHECK(text_for_log(kind, "10.0.0.1") == "10.0.0.1");
  }
}

}  // namespace
}  // namespace limpet::affinity
