// WireCase: what is said on both sides of a worker, byte for byte, written in one place. One case is one row
// of a table; run_wire_cases() plays a table. Test thread.
//
// Every case is played three times: as written, with the bytes of the client one a send(), and with the bytes
// of the backend so. After each, another client's request must be answered in order over exactly the
// connections that the case says are left, a WebSocket session of a bystander must have lost nothing, and
// descriptors, counters, pins and the load of the backend must be where they were.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/close_reason.h"
#include "tests/support/proxy_rig.h"

namespace limpet::test {

// What a peer does when it has said what a turn lets it say.
enum class Then { Stays, Finishes, Resets };

// The client speaks, the backend hears and speaks, the client hears. Empty: nothing in that place.
struct Turn {
  std::string client_sends{};
  Then client_then = Then::Stays;
  std::string backend_gets{};
  std::string backend_sends{};
  Then backend_then = Then::Stays;
  std::string client_gets{};
  bool on_new_connection = false;  // the backend is reached by a further connection
};

// The connection to the client behind the last turn.
enum class ClientSide {
  Usable,   // the next request on it is answered
  Closed,   // ended with a FIN, behind everything that was due
  Cut,      // ended before everything that was due, by FIN or reset
  IsTunnel  // bytes pass both ways
};
// The connection to the backend that was used last. AsUsual: closed by a refusal, a cut or the end of a
// tunnel, else kept.
enum class BackendSide { AsUsual, Kept, Closed };

struct WireCase {
  std::string name{};  // a sentence that can be false
  std::vector<Turn> turns{};
  // Behind the turns the client gets an answer of limpet's own for this reason, and a FIN.
  CloseReason refusal = CloseReason::None;
  bool to_head_request = false;  // such an answer has no body then
  // With a refusal: what the backend may have received of a request whose fault came late, at most. Played as
  // written, nobody connects all the same.
  std::string partly{};
  ClientSide client = ClientSide::Usable;  // without a refusal
  BackendSide backend = BackendSide::AsUsual;
  std::vector<CloseReason> ends{};  // empty: what the fields above tell
  bool splits_client = true;
  bool splits_backend = true;
};

// The host that the heads below name.
inline constexpr std::string_view kHost = "example.com";

// A request as a client sends it: start line, Host, fields (each ended by CR LF), blank line, body.
struct ClientRequest {
  std::string_view line = "GET / HTTP/1.1";
  std::string_view fields{};
  std::string_view body{};
};
[[nodiscard]] std::string from_client(const ClientRequest& request);

// The head of a request as limpet writes it, whole: `fields` passed on, then what limpet adds.
struct BackendRequest {
  std::string_view line = "GET / HTTP/1.1";
  std::string_view host = kHost;
  std::string_view fields{};
  std::string_view forwarded_for = "127.0.0.1";
  std::string_view forwarded{};  // empty = absent
  std::string_view proto = "http";
  std::string_view forwarded_host{};  // empty: as `host`, and absent when that is empty too
  std::string_view port{};            // empty = absent, as it is where nothing is known of the listener
  bool x_forwarded = true;            // false: none of X-Forwarded-*
  std::string_view request_id = "*";  // one that limpet has made
  std::string_view framing{};         // a field line, or several
  std::string_view body{};
};
[[nodiscard]] std::string to_backend(const BackendRequest& request);

struct WireSetup {
  std::function<void(proxy::Snapshot&)> adjust{};
  std::function<void(proxy::ListeningSocket&)> listen{};
  BackendRequest untold{};  // what becomes of a request that says nothing of where it came from
};

void run_wire_cases(std::span<const WireCase> cases, const WireSetup& setup = {});

// The head of an answer as limpet writes it, whole. The affinity cookie's value is random: "*" stands for it.
struct ClientAnswer {
  std::string_view line = "HTTP/1.1 200 OK";
  std::string_view fields{};
  std::string_view framing{};
  std::string_view connection{};  // a field line, or several
  std::string_view body{};
  bool has_cookie = true;
};
[[nodiscard]] std::string to_client(const ClientAnswer& answer);

inline constexpr std::string_view kClose = "Connection: close\r\n";
inline constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

// The commonest answer: "ok" of a backend, and as the client gets it.
inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
[[nodiscard]] std::string ok_to_client(std::string_view connection = {});

// Rows of the commonest shapes.
[[nodiscard]] WireCase refused(std::string name, std::string client_sends,
                               CloseReason reason = CloseReason::MalformedRequest);
[[nodiscard]] WireCase passed(std::string name, std::string client_sends, std::string backend_gets);
// To an ordinary GET the backend sends this, and the client gets 502.
[[nodiscard]] WireCase bad_answer(std::string name, std::string backend_sends);

}  // namespace limpet::test
