#include "app/admin_client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/body_framer.h"
#include "http/head_parser.h"
#include "http/head_text.h"
#include "net/fd.h"

namespace limpet::app {

namespace {

constexpr std::string_view kHttp = "http://";
constexpr int kUnauthorized = 401;
constexpr std::size_t kReadBytes = 16 * 1024;
// The largest page of a listing is well below 1 MiB.
constexpr std::size_t kMostBytes = 16 * 1024 * 1024;

Error failure(int error_number) {
  // How the kernel says that SO_RCVTIMEO or SO_SNDTIMEO ran out.
  const bool late = error_number == EAGAIN || error_number == EINPROGRESS;
  return system_error(late ? ETIMEDOUT : error_number, Side::Self, "waiting for it");
}

Error bad_answer(std::string_view what) {
  return {ErrorCode::Malformed, Side::Self, "it gave an answer that is not understood: " + std::string(what)};
}

std::vector<SocketAddress> addresses_of(const Endpoint& endpoint) {
  if (const auto literal = endpoint.literal()) {
    return {*literal};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage native{};
    const auto* const bytes = reinterpret_cast<const char*>(entry->ai_addr);
    std::copy_n(bytes, entry->ai_addrlen, reinterpret_cast<char*>(&native));
    addresses.push_back(SocketAddress::from_native(native, entry->ai_addrlen));
  }
  return addresses;
}

timeval timeval_of(Duration patience) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience);
  return {.tv_sec = whole.count(), .tv_usec = std::chrono::microseconds(patience - whole).count()};
}

Result<net::Fd> connect_to(const SocketAddress& address, Duration patience) {
  net::Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) {
    return failure(errno);
  }
  const timeval wait = timeval_of(patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&native), length) != 0) {
    return system_error(errno == EINPROGRESS ? ETIMEDOUT : errno, Side::Self, "connecting");
  }
  return socket;
}

Result<net::Fd> connect_to(const Endpoint& endpoint, Duration patience) {
  std::optional<Error> last;
  for (const SocketAddress& address : addresses_of(endpoint)) {
    auto socket = connect_to(address, patience);
    if (socket.ok()) {
      return socket;
    }
    last = socket.error();
  }
  return last.value_or(
      Error{ErrorCode::NotFound, Side::Self, "the name " + endpoint.host + " does not resolve"});
}

std::optional<Error> send_all(const net::Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      return failure(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return std::nullopt;
}

// Appends what comes next. False: the other side has closed.
Result<bool> read_more(const net::Fd& socket, std::string& into) {
  std::array<char, kReadBytes> buffer{};
  const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    return failure(errno);
  }
  if (into.size() + static_cast<std::size_t>(got) > kMostBytes) {
    return bad_answer("it is too long");
  }
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

// The whole body; `rest` is what came behind the head.
Result<std::string> read_body(const net::Fd& socket, http::BodyFramer framer, std::string rest) {
  std::string body;
  for (;;) {
    const auto piece = framer.next(rest);
    body.append(piece.data);
    rest.erase(0, piece.consumed);
    if (piece.step == http::BodyFramer::Step::Done) {
      return body;
    }
    if (piece.step == http::BodyFramer::Step::Malformed || body.size() > kMostBytes) {
      return bad_answer("its body is malformed or too long");
    }
    if (piece.step == http::BodyFramer::Step::Data) {
      continue;
    }
    const auto more = read_more(socket, rest);
    if (!more.ok()) {
      return more.error();
    }
    if (!*more) {
      return framer.complete_at_end() ? Result<std::string>(std::move(body))
                                      : bad_answer("its body is cut off");
    }
  }
}

Result<AdminAnswer> read_answer(const net::Fd& socket) {
  std::string bytes;
  http::HeadEnd end;
  while (end.look(bytes) == http::HeadEnd::Found::NotYet) {
    const auto more = read_more(socket, bytes);
    if (!more.ok()) {
      return more.error();
    }
    if (!*more) {
      return bad_answer("it is cut off");
    }
  }
  const std::string_view head = std::string_view(bytes).substr(0, end.size());
  http::ResponseHead response;
  if (const auto refusal = http::parse_response(head, {}, {}, response)) {
    return bad_answer(refusal->detail);
  }
  auto body = read_body(socket, http::BodyFramer(response.body), bytes.substr(end.size()));
  if (!body.ok()) {
    return body.error();
  }
  return AdminAnswer{.status = response.status, .body = std::move(body).value()};
}

Result<AdminAnswer> exchange(const Endpoint& endpoint, const AdminCall& call, const std::string& token) {
  const auto socket = connect_to(endpoint, call.patience);
  if (!socket.ok()) {
    return socket.error();
  }
  std::string request = std::string(call.method) + " " + call.target + " HTTP/1.1\r\n";
  http::append_field(request, "Host", endpoint.is_unix() ? "localhost" : endpoint.to_string());
  http::append_field(request, "Connection", "close");
  if (!token.empty()) {
    http::append_field(request, "Authorization", "Bearer " + token);
  }
  if (!call.body.empty()) {
    http::append_field(request, "Content-Type", "application/json");
  }
  if (call.method != "GET") {
    http::append_field(request, "Content-Length", std::uint64_t{call.body.size()});
  }
  request.append(http::kCrLf).append(call.body);
  if (auto error = send_all(*socket, request)) {
    return std::move(*error);
  }
  return read_answer(*socket);
}

}  // namespace

Result<AdminClient> AdminClient::at(std::string_view url, std::string token) {
  std::string_view place = url;
  const bool is_http = iequals(place.substr(0, kHttp.size()), kHttp);
  if (is_http) {
    place.remove_prefix(kHttp.size());
    if (place.ends_with('/')) {
      place.remove_suffix(1);
    }
  }
  auto endpoint = Endpoint::parse(place);
  if (!endpoint.ok() || endpoint->is_unix() == is_http) {
    return Error{ErrorCode::Invalid, Side::Self,
                 "\"" + std::string(url) +
                     "\" is not an address of an admin endpoint: expected http://host:port or "
                     "unix:/path"};
  }
  return AdminClient(std::string(url), std::move(endpoint).value(), std::move(token));
}

Result<AdminAnswer> AdminClient::call(const AdminCall& call) const {
  auto answer = exchange(endpoint_, call, token_);
  if (!answer.ok()) {
    return Error{answer.error().code, Side::Self,
                 "cannot reach the admin endpoint at " + url_ + " (" + answer.error().detail +
                     "): is limpet running? give --admin URL"};
  }
  if (answer->status == kUnauthorized) {
    return Error{ErrorCode::Invalid, Side::Self,
                 "the admin endpoint at " + url_ +
                     (token_.empty() ? " wants a token" : " refuses this token") +
                     ": give --token-file FILE with that of its admin.token_file, or set LIMPET_ADMIN_TOKEN"};
  }
  return answer;
}

}  // namespace limpet::app
