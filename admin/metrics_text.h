// MetricsText: writes the text format of Prometheus, version 0.0.4: one HELP and one TYPE a name, the samples
// of a name together, in the order in which they are added. Pure. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet::admin {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };

struct MetricHead {
  std::string_view name;  // [a-zA-Z_:][a-zA-Z0-9_:]*
  std::string_view help;
  MetricType type = MetricType::Gauge;
};

struct Label {
  std::string_view name;   // [a-zA-Z_][a-zA-Z0-9_]*
  std::string_view value;  // any bytes: escaped here
};

// Labels as they are written, made once for the many samples that have them in common.
class LabelText {
 public:
  LabelText() = default;
  LabelText(std::initializer_list<Label> labels);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }  // a="b",c="d"

 private:
  std::string text_;
};

// Of bounds.size() + 1 counts, the last is of what lies above all bounds. A value on a bound belongs to it.
struct HistogramInfo {
  std::span<const double> bounds;  // rising; static
  std::vector<std::uint64_t> counts{};
  double sum = 0;
};

class MetricsText {
 public:
  // What is added from now on has this name. A name without a sample is not written.
  void begin(const MetricHead& head) noexcept { head_ = head, is_begun_ = false; }

  void add(const LabelText& labels, std::uint64_t value, Label more = {}, Label last = {});
  void add(const LabelText& labels, double value, Label more = {});
  // As cumulative buckets, the sum and the count.
  void add(const LabelText& labels, const HistogramInfo& histogram, Label more = {});

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::string take() noexcept { return std::move(text_); }

 private:
  template <typename Value>
  void write(std::string_view suffix, const LabelText& labels, std::initializer_list<Label> more,
             Value value);

  MetricHead head_;
  bool is_begun_ = false;
  std::string text_;
};

}  // namespace limpet::admin
