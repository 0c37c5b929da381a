// Mode "idle": opens sessions, exchanges one message on each, then holds them until standard input ends.
#include <cerrno>
#include <chrono>
#include <vector>

#include "bench/load_client.h"
#include "bench/wire.h"

namespace limpet::bench {

namespace {

// One message each way: memory that a proxy takes at the first message and keeps must show.
bool exchange_once(const Fd& socket, std::string_view payload) {
  const std::string expected = make_frame(Opcode::Binary, payload);
  std::string echo(expected.size(), '\0');
  return send_all(socket, make_frame(Opcode::Binary, payload, kClientMask)) && receive_all(socket, echo) &&
         echo == expected;
}

// An idle session has nothing to read: no data, no Close, no end of stream.
bool is_alive(const Fd& socket) {
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace

Result<Report> run_idle(const LoadOptions& options) {
  Report report;
  report.mode = "idle";
  const std::string payload(options.payload_bytes, 'x');
  std::vector<Fd> sessions;
  sessions.reserve(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    auto socket = open_websocket(options, i);
    if (!socket) {
      return socket.error();
    }
    if (!exchange_once(*socket, payload)) {
      return Error{.code = ErrorCode::Malformed, .side = Side::Backend, .detail = "the first echo failed"};
    }
    sessions.push_back(std::move(*socket));
  }
  const auto begin = std::chrono::steady_clock::now();
  say_ready();
  wait_for_end_of_input();
  report.took = std::chrono::steady_clock::now() - begin;
  for (const Fd& session : sessions) {
    if (is_alive(session)) {
      ++report.completed;
    } else {
      report.note_failure("a session did not stay open and silent");
    }
  }
  return report;
}

}  // namespace limpet::bench
