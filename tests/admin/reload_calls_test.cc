// The calls about the configuration: what they take and what they answer.
#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::EndpointRig;

namespace {

using Json = nlohmann::json;

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

test::ClientAnswer post(EndpointRig& rig, std::string_view target, std::string_view body = {}) {
  return rig.call("POST", target, body.empty() ? std::string_view{} : kJson, body);
}

}  // namespace

TEST_CASE("a reload answers the difference, the mistakes and what is undone") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().report = {
        .applied = true,
        .generation = 8,
        .changes = {{"changed", "workers", "1", "2", 0, true},
                    {"removed", "pools.default.backends.b2", "address: 127.0.0.1:2", "", 3, false}},
        .errors = {},
        .undone = {{"added", "pools.default.backends.b3", "", "address: 127.0.0.1:3", 0, false}}};
  });
  const auto answer = post(rig, "/v1/reload");
  CHECK(answer.status == 200);
  CHECK(answer.json() == Json::parse(R"({
    "applied": true, "generation": 8, "errors": [],
    "changes": [
      {"change": "changed", "key": "workers", "from": "1", "to": "2", "sessions": 0, "needs_restart": true},
      {"change": "removed", "key": "pools.default.backends.b2", "from": "address: 127.0.0.1:2", "to": null,
       "sessions": 3, "needs_restart": false}],
    "undone": [{"change": "added", "key": "pools.default.backends.b3", "from": null,
                "to": "address: 127.0.0.1:3", "sessions": 0, "needs_restart": false}]})"));
  CHECK(rig.source().last_plan == false);
}

TEST_CASE("a file with mistakes is answered 422 with each of them") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().report = {.applied = false,
                           .generation = 7,
                           .changes = {},
                           .errors = {{"f.yaml", 3, 5, "retries", "expected a number"}},
                           .undone = {}};
  });
  const auto answer = post(rig, "/v1/reload?plan=true");
  CHECK(answer.status == 422);
  CHECK(answer.json()["applied"] == false);
  CHECK(answer.json()["errors"] == Json::parse(R"([
    {"file": "f.yaml", "line": 3, "column": 5, "key": "retries", "message": "expected a number"}])"));
  CHECK(rig.source().last_plan == true);
}

TEST_CASE("a reload is asked for by POST, and knows no parameter but plan") {
  EndpointRig rig;
  CHECK(rig.get("/v1/reload").status == 405);
  CHECK(post(rig, "/v1/reload?plan=1").status == 400);
  CHECK(post(rig, "/v1/reload?plans=true").status == 400);
  CHECK_FALSE(rig.source().last_plan);
}

TEST_CASE("a backend is added with the keys that a file has, numbers and texts alike") {
  EndpointRig rig;
  const auto answer = post(rig, "/v1/backends", R"({"pool": "chat", "address": "127.0.0.1:1", "weight": 3})");
  CHECK(answer.status == 201);
  CHECK(answer.json()["name"] == "b1");
  REQUIRE(rig.source().last_added);
  CHECK(rig.source().last_added->pool == "chat");
  CHECK(rig.source().last_added->values ==
        std::vector<std::pair<std::string, std::string>>{{"address", "127.0.0.1:1"}, {"weight", "3"}});
}

TEST_CASE("the section tls of a backend that is added comes with its keys behind it") {
  EndpointRig rig;
  CHECK(post(rig, "/v1/backends", R"({"address": "a:1", "tls": {"verify": false, "ca": "/c"}})").status ==
        201);
  REQUIRE(rig.source().last_added);
  CHECK(rig.source().last_added->values ==
        std::vector<std::pair<std::string, std::string>>{
            {"address", "a:1"}, {"tls", "{}"}, {"tls.verify", "false"}, {"tls.ca", "/c"}});
  CHECK(post(rig, "/v1/backends", R"({"address": "a:1", "tls": {"ca": {}}})").status == 400);
  CHECK(post(rig, "/v1/backends", R"({"address": "a:1", "tls": {"ca": null}})").status == 400);
}

TEST_CASE("what is no object of texts and numbers adds nothing") {
  EndpointRig rig;
  for (const auto* const body : {"[]", "{", "3", R"({"address": null})", R"({"address": {}})",
                                 R"({"address": "127.0.0.1:1", "weight": true})"}) {
    INFO(body);
    CHECK(post(rig, "/v1/backends", body).status == 400);
  }
  CHECK(post(rig, "/v1/backends").status == 400);
  CHECK_FALSE(rig.source().last_added);
}

TEST_CASE("a backend is removed and weighed by its name, and its pool where names repeat") {
  EndpointRig rig;
  CHECK(rig.call("DELETE", "/v1/backends/127.0.0.1:3000?pool=chat").status == 200);
  CHECK(rig.source().last_backend->name == "127.0.0.1:3000");
  CHECK(rig.source().last_backend->pool == "chat");
  CHECK(post(rig, "/v1/backends/unix:%2Frun%2Fa/weight", R"({"weight": 3})").status == 200);
  CHECK(rig.source().last_backend->name == "unix:/run/a");
  CHECK(rig.source().last_weight == "3");
  for (const auto* const body : {"{}", R"({"wait": 3})", R"({"weight": 3, "pool": "chat"})", "3"}) {
    INFO(body);
    CHECK(post(rig, "/v1/backends/b2/weight", body).status == 400);
  }
  CHECK(rig.source().last_backend->name == "unix:/run/a");
}
