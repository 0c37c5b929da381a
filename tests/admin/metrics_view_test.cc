// GET /metrics: the table of metrics, and what the documentation says of it.
#include "admin/metrics_view.h"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using admin::MetricRow;
using admin::MetricType;

namespace {

admin::MetricsInfo two_backends() {
  admin::MetricsInfo info;
  info.totals[static_cast<std::size_t>(Counter::Requests)] = 5;
  info.status.ends = {{"client_closed", 2}, {"drained", 1}};
  info.pools = {{.name = "default", .eligible = 2, .imbalance = 1.5}};
  admin::BackendMetrics one{.labels = admin::LabelText{{"pool", "default"}, {"backend", "b1"}}};
  one.sessions = 3;
  one.exchanges = 1;
  one.drain.emplace();
  one.drain->told = 7;
  one.drain->remaining = 3;
  one.drain->per_second = 2.5;
  one.drain->slowed = true;
  admin::BackendMetrics two{.labels = admin::LabelText{{"pool", "default"}, {"backend", "b2"}}};
  two.is_up = true;
  two.probe_ok = true;
  two.probe_took = Duration(3);
  info.backends = {one, two};
  return info;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string read_file(const std::string& name) {
  std::ifstream file(std::string(LIMPET_SOURCE_DIR) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("metrics answer in the text format of Prometheus") {
  test::EndpointRig rig;
  rig.run_on_loop([&] { rig.source().numbers = two_backends(); });
  const auto answer = rig.get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.fields.at("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* const line : {
           "limpet_build_info{version=\"1.2.3\"} 1",
           "limpet_requests_total 5",
           "limpet_ends_total{reason=\"completed\"} 4",
           "limpet_backend_sessions{pool=\"default\",backend=\"b1\",kind=\"websocket\"} 3",
           "limpet_backend_sessions{pool=\"default\",backend=\"b1\",kind=\"http\"} 1",
           "limpet_backend_up{pool=\"default\",backend=\"b1\"} 0",
           "limpet_backend_up{pool=\"default\",backend=\"b2\"} 1",
           "limpet_backend_probe_last_seconds{pool=\"default\",backend=\"b2\"} 0.003",
           "limpet_drain_told_sessions{pool=\"default\",backend=\"b1\"} 7",
           "limpet_drain_rate{pool=\"default\",backend=\"b1\"} 2.5",
           "limpet_drain_slowed{pool=\"default\",backend=\"b1\"} 1",
           "limpet_pool_imbalance_ratio{pool=\"default\"} 1.5",
           "limpet_tls_failures_total{side=\"client\",reason=\"not_tls\"} 2",
           "limpet_certificate_not_after_timestamp_seconds{listener=\"127.0.0.1:8080\",certificate=\"0\","
           "name=\"a.test\"} 0",
       }) {
    INFO(line);
    CHECK(has_line(answer.body, line));
  }
}

TEST_CASE("the same numbers are the same text, and no series stands twice") {
  const std::string text = admin::metrics_text(two_backends());
  CHECK(text == admin::metrics_text(two_backends()));
  std::set<std::string> seen;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(seen.insert(line.substr(0, line.rfind(' '))).second);
  }
}

TEST_CASE("every metric is named by the conventions of Prometheus") {
  static const std::regex kName("limpet_[a-z][a-z0-9_]*");
  std::set<std::string> names;
  for (const MetricRow& row : admin::metric_rows()) {
    const std::string name(row.head.name);
    INFO(name);
    CHECK(std::regex_match(name, kName));
    CHECK(names.insert(name).second);
    CHECK(name.ends_with("_total") == (row.head.type == MetricType::Counter));
    CHECK(row.head.help.ends_with('.'));
    for (const auto* const unit : {"_ms", "_milliseconds", "_percent", "_kib"}) {
      CHECK(name.find(unit) == std::string::npos);
    }
  }
}

TEST_CASE("docs/metrics.md has one row for each metric and for nothing else") {
  static const std::regex kRow(R"(\| `(limpet_[a-z0-9_]+))");
  std::multiset<std::string> told;
  const std::string page = read_file("docs/metrics.md");
  for (std::sregex_iterator row(page.begin(), page.end(), kRow); row != std::sregex_iterator(); ++row) {
    told.insert((*row)[1]);
  }
  std::multiset<std::string> names;
  for (const MetricRow& row : admin::metric_rows()) {
    names.emplace(row.head.name);
  }
  CHECK(told == names);
}
