#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "base/text.h"

namespace limpet {

namespace {

constexpr std::size_t kQueuedLines = 8192;

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

void append_value(std::string& line, const LogField::Value& value, bool quote) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (quote) {
      line += '"';
    }
    append_json_escaped(line, *text);
    if (quote) {
      line += '"';
    }
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

std::string json_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = R"({"time":")" + to_rfc3339(SystemClock().wall_now()) + R"(","level":")";
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
  return line;
}

std::string text_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = to_rfc3339(SystemClock().wall_now());
  fmt::format_to(std::back_inserter(line), " {:<7} {}", word(level), event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value, needs_quotes(field.value));
  }
  return line;
}

}  // namespace

struct Log::Sink {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(LogLevel level, LogFormat format, std::unique_ptr<Sink> sink)
    : level_(level), format_(format), sink_(std::move(sink)) {}

Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
  spdlog::sink_ptr out;
  if (options.file.empty()) {
    out = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    // Tried first by hand: the library reports failure by an exception and would make missing folders.
    std::FILE* const probe = std::fopen(options.file.c_str(), "ae");
    if (probe == nullptr) {
      return system_error(errno, Side::Self, "log file " + options.file);
    }
    std::fclose(probe);
    out = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  }
  auto sink = std::make_unique<Sink>();
  sink->pool = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1);
  sink->logger = std::make_shared<spdlog::async_logger>("limpet", std::move(out), sink->pool,
                                                        spdlog::async_overflow_policy::overrun_oldest);
  sink->logger->set_pattern("%v");
  sink->logger->flush_on(spdlog::level::info);
  return std::unique_ptr<Log>(new Log(options.level, options.format, std::move(sink)));
}

std::unique_ptr<Log> Log::discard() {
  return std::unique_ptr<Log>(new Log(LogLevel::Off, LogFormat::Json, nullptr));
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level) || sink_ == nullptr) {
    return;
  }
  const std::string line =
      format_ == LogFormat::Json ? json_line(level, event, fields) : text_line(level, event, fields);
  sink_->logger->log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace limpet
