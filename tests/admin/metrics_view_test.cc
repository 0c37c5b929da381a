// GET /metrics: the table of metrics, and what the documentation says of it.
#include "admin/metrics_view.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using admin::MetricRow;
using admin::MetricType;

namespace {

admin::HistogramInfo histogram_of(const std::vector<std::uint64_t>& counts) {
  static constexpr std::array kBounds{1.0, 2.0};
  return {.bounds = kBounds, .counts = counts, .sum = 4};
}

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
  two.became_down = 2;
  two.traffic = {.from_client = {.bytes = 900, .messages = 4, .frames = {{"text", 5}}},
                 .from_backend = {},
                 .opened = 9,
                 .ended = {{"drained", 6}},
                 .handshakes = {{"101", 9}, {"4xx", 1}}};
  info.pools.front().traffic = {.handshakes = {{"101", 9}},
                                .opening = histogram_of({3, 1, 0}),
                                .first_byte = histogram_of({0, 0, 0}),
                                .sizes_from_client = histogram_of({1, 2, 3}),
                                .sizes_from_backend = histogram_of({0, 0, 0}),
                                .closes = {{"client", "1000", 5}},
                                .decisions = {{"cookie", 8}},
                                .cookies_refused = {{"expired", 2}},
                                .reconnects = 3};
  info.workers = {{.lag = histogram_of({7, 0, 0}), .chunks = 2, .chunks_borrowed = 11}};
  info.reloads_refused = 1;
  info.backends = {one, two};
  return info;
}

// As much as a backend can have to tell after a bad day.
admin::BackendMetrics busy_backend(std::size_t number) {
  const std::string name = "backend-" + std::to_string(number);
  admin::BackendMetrics backend{.labels = admin::LabelText{{"pool", "default"}, {"backend", name}}};
  backend.probe_ok = true;
  backend.drain.emplace();
  const admin::WordCounts frames{{"continuation", 1}, {"text", 1}, {"binary", 1},  {"close", 1},
                                 {"ping", 1},         {"pong", 1}, {"reserved", 1}};
  const admin::WordCounts reasons{{"client_closed", 1}, {"backend_closed", 1}, {"client_reset", 1},
                                  {"backend_reset", 1}, {"idle_timeout", 1},   {"drained", 1},
                                  {"client_lost", 1},   {"backend_lost", 1}};
  backend.traffic = {.from_client = {.bytes = 1, .messages = 1, .frames = frames},
                     .from_backend = {.bytes = 1, .messages = 1, .frames = frames},
                     .opened = 1,
                     .ended = reasons,
                     .handshakes = reasons};
  return backend;
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
           "limpet_config_reloads_total{result=\"refused\"} 1",
           "limpet_worker_lag_seconds_bucket{worker=\"0\",le=\"1\"} 7",
           "limpet_worker_chunks{worker=\"0\"} 2",
           "limpet_worker_chunks_borrowed_total{worker=\"0\"} 11",
           "limpet_backend_health_changes_total{pool=\"default\",backend=\"b2\",to=\"down\"} 2",
           "limpet_backend_sessions_opened_total{pool=\"default\",backend=\"b2\"} 9",
           "limpet_backend_sessions_ended_total{pool=\"default\",backend=\"b2\",reason=\"drained\"} 6",
           "limpet_backend_handshakes_total{pool=\"default\",backend=\"b2\",outcome=\"4xx\"} 1",
           "limpet_backend_messages_total{pool=\"default\",backend=\"b2\",from=\"client\"} 4",
           "limpet_backend_frames_total{pool=\"default\",backend=\"b2\",from=\"client\",opcode=\"text\"} 5",
           "limpet_backend_received_bytes_total{pool=\"default\",backend=\"b2\",from=\"client\"} 900",
           "limpet_pool_handshakes_total{pool=\"default\",outcome=\"101\"} 9",
           "limpet_pool_handshake_seconds_bucket{pool=\"default\",le=\"2\"} 4",
           "limpet_pool_handshake_seconds_count{pool=\"default\"} 4",
           "limpet_pool_message_bytes_bucket{pool=\"default\",from=\"client\",le=\"+Inf\"} 6",
           "limpet_pool_closes_total{pool=\"default\",by=\"client\",code=\"1000\"} 5",
           "limpet_pool_reconnects_total{pool=\"default\"} 3",
           "limpet_pool_decisions_total{pool=\"default\",reason=\"cookie\"} 8",
           "limpet_pool_cookies_refused_total{pool=\"default\",cause=\"expired\"} 2",
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

TEST_CASE("a thousand backends that have everything to tell are a scrape of a few megabytes") {
  constexpr std::size_t kBackends = 1000;
  constexpr std::size_t kMostBytes = 8 * 1024 * 1024;
  constexpr std::size_t kMostSeries = 70;  // a backend
  admin::MetricsInfo info;
  for (std::size_t i = 0; i < kBackends; ++i) {
    info.backends.push_back(busy_backend(i));
  }
  const std::string text = admin::metrics_text(info);
  CHECK(text.size() < kMostBytes);
  CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) < kBackends * kMostSeries);
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
