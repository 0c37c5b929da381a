// What the modes of the load generator share: options, the gate, the report. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bench/histogram.h"
#include "bench/sockets.h"

namespace limpet::bench {

struct LoadOptions {
  SocketAddress target;
  std::size_t connections = 32;
  std::size_t payload_bytes = 64;
  std::chrono::milliseconds length{3000};  // unused when idle
  std::uint32_t rate = 0;                  // exchanges a second, of all connections; 0 = as many as go
  // Client addresses to take turns with, 127.0.0.2 upwards; 0 leaves the choice to the kernel.
  unsigned sources = 0;
  // Wait for a line on standard input between opening and loading, and for its end between the report and
  // closing, so that the driver can read the proxy's CPU time.
  bool gated = false;
};

struct Report {
  std::string_view mode;
  std::uint64_t completed = 0;  // echoes, messages, handshakes, requests, or sessions that outlived the wait
  std::uint64_t failed = 0;     // connections lost, and answers that differ from what was asked for
  std::string first_failure;    // empty when nothing failed
  std::chrono::duration<double> took{};
  Histogram latency;
  std::shared_ptr<const void> sessions;  // those still open: closed after the driver has read the CPU time

  void note_failure(std::string_view why);
};

// One line of JSON.
[[nodiscard]] std::string to_json(const Report& report, const LoadOptions& options);

void say_ready();
// When gated: says so and waits for a line or the end of standard input.
void pass_gate(const LoadOptions& options);
// Waits until standard input ends.
void wait_for_end_of_input();

// The client address of connection number `index`, as connect_from takes it.
[[nodiscard]] std::uint8_t source_of(const LoadOptions& options, std::size_t index) noexcept;

// The modes. Each opens its connections, passes the gate and loads for options.length.
[[nodiscard]] Result<Report> run_echo(const LoadOptions& options);
[[nodiscard]] Result<Report> run_idle(const LoadOptions& options);
[[nodiscard]] Result<Report> run_handshake(const LoadOptions& options);
[[nodiscard]] Result<Report> run_get(const LoadOptions& options);
[[nodiscard]] Result<Report> run_stream(const LoadOptions& options);
[[nodiscard]] Result<Report> run_fan_out(const LoadOptions& options);

}  // namespace limpet::bench
