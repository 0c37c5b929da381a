// The text format of Prometheus, byte for byte.
#include "admin/metrics_text.h"

#include <array>
#include <limits>

#include "tests/support/catch.h"

using namespace limpet::admin;

namespace {

const LabelText kNone;

}  // namespace

TEST_CASE("a name has one HELP and one TYPE, and its samples follow in order") {
  MetricsText out;
  out.begin({"limpet_ends_total", "Why they ended.", MetricType::Counter});
  out.add(kNone, std::uint64_t{3}, {"reason", "drained"});
  out.add(kNone, std::uint64_t{1}, {"reason", "client_closed"});
  out.begin({"limpet_load", "How much there is.", MetricType::Gauge});
  out.add(kNone, 1.5);
  CHECK(out.text() ==
        "# HELP limpet_ends_total Why they ended.\n"
        "# TYPE limpet_ends_total counter\n"
        "limpet_ends_total{reason=\"drained\"} 3\n"
        "limpet_ends_total{reason=\"client_closed\"} 1\n"
        "# HELP limpet_load How much there is.\n"
        "# TYPE limpet_load gauge\n"
        "limpet_load 1.5\n");
}

TEST_CASE("a name without a sample is not written") {
  MetricsText out;
  out.begin({"limpet_nothing", "Nobody has it.", MetricType::Gauge});
  CHECK(out.text().empty());
}

TEST_CASE("what a label or a help text may not hold is escaped") {
  MetricsText out;
  out.begin({"limpet_x", "a \\ and a \n and a \"", MetricType::Gauge});
  out.add(LabelText{{"pool", "a\"b"}, {"backend", "c\\d\ne"}}, std::uint64_t{1}, {"more", "\""});
  CHECK(out.text() ==
        "# HELP limpet_x a \\\\ and a \\n and a \"\n"
        "# TYPE limpet_x gauge\n"
        "limpet_x{pool=\"a\\\"b\",backend=\"c\\\\d\\ne\",more=\"\\\"\"} 1\n");
}

TEST_CASE("numbers keep what they are") {
  MetricsText out;
  out.begin({"limpet_x", "X.", MetricType::Gauge});
  out.add(kNone, std::numeric_limits<std::uint64_t>::max());
  out.add(kNone, 0.1);
  out.add(kNone, 1e300);
  out.add(kNone, std::numeric_limits<double>::infinity());
  out.add(kNone, -std::numeric_limits<double>::infinity());
  out.add(kNone, std::numeric_limits<double>::quiet_NaN());
  for (const auto* const line :
       {" 18446744073709551615\n", " 0.1\n", " 1e+300\n", " +Inf\n", " -Inf\n", " NaN\n"}) {
    CHECK(out.text().find(line) != std::string::npos);
  }
}

TEST_CASE("the buckets of a histogram are cumulative and end with the count") {
  static constexpr std::array kBounds{0.001, 0.25, 10.0};
  MetricsText out;
  out.begin({"limpet_wait_seconds", "W.", MetricType::Histogram});
  out.add(LabelText{{"pool", "p"}}, HistogramInfo{.bounds = kBounds, .counts = {2, 0, 3, 1}, .sum = 42.5},
          {"to", "client"});
  CHECK(out.text() ==
        "# HELP limpet_wait_seconds W.\n"
        "# TYPE limpet_wait_seconds histogram\n"
        "limpet_wait_seconds_bucket{pool=\"p\",to=\"client\",le=\"0.001\"} 2\n"
        "limpet_wait_seconds_bucket{pool=\"p\",to=\"client\",le=\"0.25\"} 2\n"
        "limpet_wait_seconds_bucket{pool=\"p\",to=\"client\",le=\"10\"} 5\n"
        "limpet_wait_seconds_bucket{pool=\"p\",to=\"client\",le=\"+Inf\"} 6\n"
        "limpet_wait_seconds_sum{pool=\"p\",to=\"client\"} 42.5\n"
        "limpet_wait_seconds_count{pool=\"p\",to=\"client\"} 6\n");
}
