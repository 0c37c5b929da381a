#include "admin/metrics_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace limpet::admin {

namespace {

std::string_view word(MetricType type) noexcept {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
  }
  return "untyped";
}

// Backslash, quote and line feed of a label's value; of a help text the quote stays.
void append_escaped(std::string& out, std::string_view value, bool is_label) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (is_label && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, const Label& label) {
  out.append(label.name).append("=\"");
  append_escaped(out, label.value, true);
  out += '"';
}

template <typename Value>
std::string_view digits(std::array<char, 32>& room, Value value) {
  const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

void append_value(std::string& out, std::uint64_t value) {
  std::array<char, 32> room{};
  out += digits(room, value);
}

void append_value(std::string& out, double value) {
  if (std::isfinite(value)) {
    std::array<char, 32> room{};
    out += digits(room, value);
  } else {
    out += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
}

}  // namespace

LabelText::LabelText(std::initializer_list<Label> labels) {
  for (const Label& label : labels) {
    text_ += text_.empty() ? "" : ",";
    append_label(text_, label);
  }
}

template <typename Value>
void MetricsText::write(std::string_view suffix, const LabelText& labels, std::initializer_list<Label> more,
                        Value value) {
  if (!is_begun_) {
    is_begun_ = true;
    text_.append("# HELP ").append(head_.name).append(" ");
    append_escaped(text_, head_.help, false);
    text_.append("\n# TYPE ").append(head_.name).append(" ").append(word(head_.type)).append("\n");
  }
  text_.append(head_.name).append(suffix);
  char before = '{';
  if (!labels.text().empty()) {
    text_.append("{").append(labels.text());
    before = ',';
  }
  for (const Label& label : more) {
    if (!label.name.empty()) {
      text_ += std::exchange(before, ',');
      append_label(text_, label);
    }
  }
  text_ += before == ',' ? "} " : " ";
  append_value(text_, value);
  text_ += '\n';
}

void MetricsText::add(const LabelText& labels, std::uint64_t value, Label more, Label last) {
  write("", labels, {more, last}, value);
}

void MetricsText::add(const LabelText& labels, double value, Label more) {
  write("", labels, {more}, value);
}

void MetricsText::add(const LabelText& labels, const HistogramInfo& histogram, Label more) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    std::array<char, 32> room{};
    const std::string_view bound =
        i < histogram.bounds.size() ? digits(room, histogram.bounds[i]) : std::string_view("+Inf");
    below += histogram.counts[i];
    write("_bucket", labels, {more, {"le", bound}}, below);
  }
  write("_sum", labels, {more}, histogram.sum);
  write("_count", labels, {more}, below);
}

}  // namespace limpet::admin
