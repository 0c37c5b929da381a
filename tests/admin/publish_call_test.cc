// POST /v1/publish: what is taken for a message, what is refused with which word, and the answer.
#include "admin/publish_call.h"

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using admin::PublishOrder;
using admin::Refusal;
using test::EndpointRig;

namespace {

test::ClientAnswer post(EndpointRig& rig, std::string_view body) {
  return rig.call("POST", "/v1/publish", "Content-Type: application/json\r\n", body);
}

PublishOrder order(std::string_view json) {
  const auto read = admin::read_publish_order(json);
  if (const auto* const refusal = std::get_if<Refusal>(&read)) {
    FAIL(refusal->detail);
  }
  return std::get<PublishOrder>(read);
}

std::string refused(std::string_view json) {
  const auto read = admin::read_publish_order(json);
  REQUIRE(std::holds_alternative<Refusal>(read));
  CHECK(std::get<Refusal>(read).status == 400);
  return std::get<Refusal>(read).word;
}

}  // namespace

TEST_CASE("a message is a text or bytes in base64, for all or for some") {
  const PublishOrder text = order(R"({"text": "gr\u00fc\u00dfe \ud83d\udc1a"})");
  CHECK(text.message == "grüße 🐚");
  CHECK_FALSE(text.is_binary);
  CHECK(text.pool.empty());
  CHECK(text.backend.empty());
  CHECK(text.key.empty());
  const PublishOrder bytes =
      order(R"({"base64": "AP+A", "pool": "chat", "backend": "b1", "route": "a.example/x", "key": "alice"})");
  CHECK(bytes.message == std::string("\0\xff\x80", 3));
  CHECK(bytes.is_binary);
  CHECK(bytes.pool == "chat");
  CHECK(bytes.backend == "b1");
  CHECK(bytes.route == "a.example/x");
  CHECK(bytes.key == "alice");
  CHECK(order(R"({"text": ""})").message.empty());
  CHECK(order(R"({"base64": ""})").is_binary);
}

TEST_CASE("what is no message is refused with a word") {
  CHECK(refused("") == "body");
  CHECK(refused("[]") == "body");
  CHECK(refused("{") == "body");
  CHECK(refused("{}") == "message");
  CHECK(refused(R"({"pool": "chat"})") == "message");
  CHECK(refused(R"({"text": "a", "base64": "YQ=="})") == "message");
  CHECK(refused(R"({"text": 1})") == "body");
  CHECK(refused(R"({"text": null})") == "body");
  CHECK(refused(R"({"text": "a", "rooom": "x"})") == "body");
  CHECK(refused(R"({"text": "a", "pool": ""})") == "body");
  CHECK(refused(R"({"text": "a", "key": 7})") == "body");
  CHECK(refused(R"({"base64": "A"})") == "base64");
  CHECK(refused(R"({"base64": "AP-A"})") == "base64");
  CHECK(refused("{\"text\": \"\xff\"}") == "utf8");
  CHECK(refused("{\"text\": \"\xed\xa0\x80\"}") == "utf8");  // a surrogate
  CHECK(refused(R"({"text": "\ud800"})") == "body");         // likewise, escaped
}

TEST_CASE("the call passes the message on and answers what has become of it") {
  EndpointRig rig;
  const auto answer = post(rig, R"({"text": "hello", "key": "alice"})");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{\"matched\":4,\"sent\":2,\"queued\":1,\"dropped\":1,\"nodes\":1}\n");
  rig.run_on_loop([&] {
    REQUIRE(rig.source().published.size() == 1);
    CHECK(rig.source().published.front().message == "hello");
    CHECK(rig.source().published.front().key == "alice");
  });
}

TEST_CASE("what is refused at once is answered so, and says when to come again") {
  EndpointRig rig;
  rig.run_on_loop([&] { rig.source().publish_answer = Refusal{429, "rate", "too fast", 3}; });
  const auto answer = post(rig, R"({"text": "hello"})");
  CHECK(answer.status == 429);
  CHECK(answer.json()["error"] == "rate");
  CHECK(answer.fields.at("Retry-After") == "3");
  CHECK(post(rig, "{}").status == 400);
  rig.run_on_loop([&] { CHECK(rig.source().published.size() == 1); });
}

TEST_CASE("a body has room for the longest message however it is escaped, and only that of this call") {
  EndpointRig rig;
  std::string escaped;
  for (int i = 0; i < 1000; ++i) {
    escaped += "\\u0001";
  }
  const std::string spaces(64 * 1024, ' ');
  CHECK(post(rig, "{\"text\": \"" + escaped + "\"}" + spaces.substr(1000)).status == 200);
  const auto large = post(rig, "{\"text\": \"" + escaped + "\"}" + spaces);
  CHECK(large.status == 413);
  CHECK(large.json()["error"] == "body_too_large");
  CHECK(rig.call("POST", "/v1/reload", "Content-Type: application/json\r\n", "{}" + spaces).status == 413);
}

TEST_CASE("nothing is published by GET") {
  EndpointRig rig;
  CHECK(rig.get("/v1/publish").status == 405);
}
