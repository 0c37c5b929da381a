#include "settings/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace limpet::settings {

namespace {

constexpr std::size_t kLongestQuote = 80;  // One line of a terminal.

std::string visible(std::string_view text) {
  std::string shown;
  append_json_escaped(shown, text.substr(0, kLongestQuote));
  return text.size() > kLongestQuote ? shown + "..." : shown;
}

}  // namespace

std::string Problem::to_string() const {
  std::string text = file;
  if (line > 0) {
    text += ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  return text + ": " + (key.empty() ? "" : key + ": ") + message;
}

void Report::add(Place place, std::string key, std::string message) {
  problems_.push_back({places_.file(), place.line, place.column, std::move(key), std::move(message)});
}

Problems Report::take() {
  Problems sorted = std::exchange(problems_, {});
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return sorted;
}

std::string join_key(const std::string& parent, std::string_view name) {
  return parent.empty() ? visible(name) : parent + "." + visible(name);
}

std::string item_key(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = text.find(kMark);
  const std::size_t at = text.rfind('@');
  std::string shown(text);
  if (mark != std::string_view::npos && at != std::string_view::npos && at > mark) {
    const std::size_t begin = mark + kMark.size();
    shown.replace(begin, at - begin, "***");
  }
  return "\"" + visible(shown) + "\"";
}

std::string found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Nothing:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return quoted(node.text);
    case YamlNode::Kind::List:
      return "a list";
    case YamlNode::Kind::Mapping:
      return "a mapping";
  }
  return {};
}

}  // namespace limpet::settings
