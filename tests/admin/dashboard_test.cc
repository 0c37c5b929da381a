// The dashboard as files: who may load them, and what they may do in a browser.
#include "admin/dashboard.h"

#include <algorithm>
#include <string>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::EndpointRig;

namespace {

const std::string kToken = "0123456789abcdef";
const std::string kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'";

}  // namespace

TEST_CASE("pages have a strict policy, which their own files keep") {
  EndpointRig rig;
  for (const auto* const target : {"/", "/help", "/dashboard/dashboard.html"}) {
    INFO(target);
    const auto page = rig.get(target);
    CHECK(page.status == 200);
    CHECK(page.fields.at("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.fields.at("Content-Security-Policy") == kPolicy);
    CHECK(page.fields.at("X-Content-Type-Options") == "nosniff");
    CHECK(page.fields.at("Cache-Control") == "no-store");
    for (const auto* const inlined :
         {"<style", " style=", "<script>", "javascript:", " onclick", "http://", "https://"}) {
      INFO(inlined);
      CHECK(page.body.find(inlined) == std::string::npos);
    }
  }
  CHECK_FALSE(rig.get("/v1/status").fields.contains("Content-Security-Policy"));
}

TEST_CASE("each file of the dashboard has its type, and the text that stands in the source") {
  EndpointRig rig;
  REQUIRE(admin::dashboard_files().size() > 3);
  for (const admin::DashboardFile& file : admin::dashboard_files()) {
    INFO(file.name);
    const auto answer = rig.get("/dashboard/" + std::string(file.name));
    CHECK(answer.status == 200);
    CHECK(answer.fields.at("Content-Type") == file.content_type);
    CHECK(answer.fields.at("X-Content-Type-Options") == "nosniff");
    CHECK(answer.body == file.text);
    CHECK_FALSE(answer.body.empty());
  }
  for (const auto* const target :
       {"/dashboard/", "/dashboard", "/dashboard/none.js", "/dashboard/..%2Froutes.cc"}) {
    INFO(target);
    CHECK(rig.get(target).status == 404);
  }
}

TEST_CASE("scripts of the dashboard make no markup out of text") {
  for (const admin::DashboardFile& file : admin::dashboard_files()) {
    INFO(file.name);
    for (const auto* const word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                                   "localStorage", "sessionStorage", "document.cookie"}) {
      INFO(word);
      CHECK(file.text.find(word) == std::string_view::npos);
    }
  }
}

TEST_CASE("the page is loaded without the token, nothing that it shows is") {
  EndpointRig rig({.token = kToken});
  for (const auto* const target : {"/", "/help", "/dashboard/dashboard.js"}) {
    INFO(target);
    CHECK(rig.get(target).status == 200);
    CHECK(rig.get(target).body.find(kToken) == std::string::npos);
    CHECK(rig.call("POST", target).status == 401);
  }
  for (const auto* const target : {"/v1/status", "/v1/backends", "/v1/history", "/v1/events"}) {
    INFO(target);
    CHECK(rig.get(target).status == 401);
    CHECK(rig.call("GET", target, "Authorization: Bearer " + kToken + "\r\n").status == 200);
  }
}

TEST_CASE("the page is shown under the same names as the calls, not under those of probes") {
  for (const std::string& token : {std::string(), kToken}) {
    EndpointRig rig({.token = token});
    const auto status_for = [&](std::string_view target, std::string_view host) {
      auto client = rig.connect();
      client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
      return client.read_answer().status;
    };
    for (const auto* const target : {"/", "/dashboard/dashboard.js", "/help"}) {
      INFO(target << " " << token);
      CHECK(status_for(target, "localhost") == 200);
      CHECK(status_for(target, "evil.test") == 403);
      CHECK(status_for(target, "10.0.0.1") == (token.empty() ? 403 : 200));
    }
    CHECK(status_for("/healthz", "10.0.0.1") == 200);
  }
}
