#include "base/log_line.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"

namespace limpet {

namespace {

// Grows once: nearly every line is shorter.
constexpr std::size_t kUsualLineBytes = 512;

std::string_view word(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
    case LogLevel::Off:
      return "off";
  }
  return "unknown";
}

// Not in the middle of a character (RFC 3629 3).
std::string_view shortened(std::string_view text) noexcept {
  constexpr unsigned kContinuationBits = 0xC0;
  constexpr unsigned kContinuation = 0x80;
  std::size_t end = kMostLoggedText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & kContinuationBits) == kContinuation) {
    --end;
  }
  return text.substr(0, end);
}

void append_text(std::string& line, std::string_view text) {
  if (text.size() <= kMostLoggedText) {
    append_json_escaped(line, text);
  } else {
    append_json_escaped(line, shortened(text));
    line += "...";
  }
}

void append_value(std::string& line, const LogField::Value& value, bool quote) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    line += quote ? "\"" : "";
    append_text(line, *text);
    line += quote ? "\"" : "";
    return;
  }
  if (const auto* flag = std::get_if<bool>(&value)) {
    line += *flag ? "true" : "false";
    return;
  }
  auto out = std::back_inserter(line);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    fmt::format_to(out, "{}", *whole);
  } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
    fmt::format_to(out, "{}", *count);
  } else if (const auto* real = std::get_if<double>(&value)) {
    fmt::format_to(out, "{:.3f}", *real);
  }
}

bool needs_quotes(const LogField::Value& value) noexcept {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr && (text->empty() || text->find_first_of(" \t=\"") != std::string_view::npos);
}

void append_json(std::string& line, LogLevel level, std::string_view event, LogFields fields) {
  line += R"(","level":")";
  line += word(level);
  line += R"(","event":")";
  line += event;
  line += '"';
  for (const LogField& field : fields) {
    line += ",\"";
    line += field.name;
    line += "\":";
    append_value(line, field.value, true);
  }
  line += '}';
}

void append_words(std::string& line, LogLevel level, std::string_view event, LogFields fields) {
  fmt::format_to(std::back_inserter(line), " {:<7} {}", word(level), event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value, needs_quotes(field.value));
  }
}

}  // namespace

std::string log_line(LogFormat format, LogLevel level, std::string_view event, LogFields fields,
                     WallTime at) {
  std::string line;
  line.reserve(kUsualLineBytes);
  if (format == LogFormat::Json) {
    line += R"({"time":")";
    append_rfc3339(line, at);
    append_json(line, level, event, fields);
  } else {
    append_rfc3339(line, at);
    append_words(line, level, event, fields);
  }
  return line;
}

}  // namespace limpet
