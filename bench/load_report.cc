#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/load.h"

namespace limpet::bench {

namespace {

double microseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

// False at the end of standard input.
bool read_byte(char& byte) {
  return ::read(STDIN_FILENO, &byte, 1) == 1;
}

constexpr unsigned kFirstSource = 2;  // 127.0.0.1 belongs to the servers
constexpr unsigned kLastByte = 250;   // 127.0.0.250 is the last one used

}  // namespace

void Report::note_failure(std::string_view why) {
  ++failed;
  if (first_failure.empty()) {
    first_failure = why;
  }
}

std::string to_json(const Report& report, const LoadOptions& options) {
  const double seconds = report.took.count();
  const double per_second = seconds > 0 ? static_cast<double>(report.completed) / seconds : 0;
  constexpr double kMedian = 0.5;
  constexpr double kTail = 0.99;
  constexpr double kFarTail = 0.999;
  nlohmann::ordered_json json = {
      {"mode", report.mode},
      {"connections", options.connections},
      {"payload_bytes", options.payload_bytes},
      {"rate", options.rate},
      {"seconds", seconds},
      {"completed", report.completed},
      {"failed", report.failed},
      {"per_second", per_second},
      {"p50_us", microseconds(report.latency.quantile(kMedian))},
      {"p99_us", microseconds(report.latency.quantile(kTail))},
      {"p999_us", microseconds(report.latency.quantile(kFarTail))},
      {"max_us", microseconds(report.latency.max())},
  };
  if (!report.first_failure.empty()) {
    json["first_failure"] = report.first_failure;
  }
  return json.dump();
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

void pass_gate(const LoadOptions& options) {
  if (!options.gated) {
    return;
  }
  say_ready();
  for (char byte = 0; byte != '\n' && read_byte(byte);) {
  }
}

void wait_for_end_of_input() {
  for (char byte = 0; read_byte(byte);) {
  }
}

std::uint8_t source_of(const LoadOptions& options, std::size_t index) noexcept {
  if (options.sources == 0) {
    return 0;
  }
  const unsigned usable = std::min(options.sources, kLastByte - kFirstSource + 1);
  return static_cast<std::uint8_t>(kFirstSource + index % usable);
}

}  // namespace limpet::bench
