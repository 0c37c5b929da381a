// limpet_bench_load: loads one address in one mode and prints one line of JSON. Exit code 1 when anything
// failed.
#include "bench/load.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>

namespace limpet::bench {
namespace {

using Mode = Result<Report> (*)(const LoadOptions&);

const std::map<std::string, Mode> kModes = {
    {"echo", run_echo}, {"fan-out", run_fan_out}, {"get", run_get},
    {"idle", run_idle}, {"stream", run_stream},   {"handshake", run_handshake},
};

int load(Mode mode, const LoadOptions& options) {
  raise_descriptor_limit();
  const auto report = mode(options);
  if (!report) {
    fatal(report.error().detail);
  }
  std::puts(to_json(*report, options).c_str());
  std::fflush(stdout);
  if (options.gated) {
    wait_for_end_of_input();
  }
  return report->failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace limpet::bench

int main(int argc, char** argv) {
  namespace bench = limpet::bench;
  CLI::App app("WebSocket and HTTP load generator for bench/run");
  std::string mode = "echo";
  bench::LoadOptions options;
  std::string target;
  double seconds = 3;
  app.add_option("--mode", mode, "what to do")->check(CLI::IsMember(&bench::kModes));
  app.add_option("--target", target, "127.0.0.1:PORT of the proxy")->required();
  app.add_option("--connections", options.connections, "connections, each with one exchange under way");
  app.add_option("--size", options.payload_bytes, "payload bytes of a message");
  app.add_option("--seconds", seconds, "how long to load");
  app.add_option("--rate", options.rate,
                 "echoes or GETs a second, latency counted from when each is due; 0 = as many as go");
  app.add_option("--sources", options.sources,
                 "client addresses, 127.0.0.2 upwards; 0 = the kernel's choice");
  app.add_flag("--gate", options.gated, "print \"ready\" once open and wait for a line before loading");
  CLI11_PARSE(app, argc, argv);

  const auto address = bench::parse_loopback(target);
  if (!address) {
    bench::fatal(address.error().detail);
  }
  options.target = *address;
  options.length =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  return bench::load(bench::kModes.at(mode), options);
}
