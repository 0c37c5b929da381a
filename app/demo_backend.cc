#include "app/demo_backend.h"

#include <cstring>
#include <optional>
#include <utility>

#include "app/demo_page.h"
#include "base/slot_list.h"
#include "base/text.h"
#include "http/head_parser.h"
#include "net/outbox.h"
#include "net/socket_stream.h"
#include "websocket/frame_codec.h"
#include "websocket/handshake.h"

namespace limpet::app {

namespace {

// Heads and messages of the demo are small; what is larger ends the connection.
constexpr std::size_t kMostBuffered = 1024 * 1024;
constexpr std::uint16_t kProtocolError = 1002;

}  // namespace

class DemoBackend::Connection final : public net::Disposable, public net::StreamEvents {
 public:
  Connection(DemoBackend& owner, net::StreamPtr stream) : owner_(owner), stream_(std::move(stream)) {
    stream_->set_events(this);
    stream_->watch(true, false);
  }
  ~Connection() override { out_.drop(owner_.loop_.chunks()); }

  void on_readable(net::Stream&) override;
  void on_writable(net::Stream&) override;
  void on_broken(net::Stream&) override { end(); }

  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

 private:
  // Each takes one head or frame off the front of in_; false when there is none yet or the connection ended.
  bool serve_request();
  bool serve_frame();
  void answer_request(const http::RequestHead& request);
  void answer_frame(const websocket::FrameHeader& header, const std::string& payload);
  void send(std::string_view bytes);
  void end();

  DemoBackend& owner_;
  net::StreamPtr stream_;
  net::Outbox out_;
  std::string in_;
  std::uint32_t slot_ = 0;
  bool is_websocket_ = false;
};

struct DemoBackend::Connections {
  SlotList<Connection> list;
};

void DemoBackend::Connection::on_readable(net::Stream&) {
  const auto scratch = owner_.loop_.scratch();
  const net::IoResult result = stream_->read(scratch);
  if (result.status == net::IoStatus::WouldBlock) {
    return;
  }
  if (result.status != net::IoStatus::Done) {
    end();
    return;
  }
  in_.append(reinterpret_cast<const char*>(scratch.data()), result.bytes);
  while (stream_ != nullptr && (is_websocket_ ? serve_frame() : serve_request())) {
  }
  if (stream_ != nullptr && in_.size() > kMostBuffered) {
    end();
  }
}

bool DemoBackend::Connection::serve_request() {
  http::HeadEnd head_end;
  const auto found = head_end.look(in_);
  if (found == http::HeadEnd::Found::NotYet) {
    return false;
  }
  const std::string head = in_.substr(0, head_end.size());
  http::RequestHead request;
  if (found == http::HeadEnd::Found::Malformed || http::parse_request(head, {}, request) ||
      request.body.framing == http::Framing::Chunked) {
    end();
    return false;
  }
  const auto body = static_cast<std::size_t>(request.body.length);
  if (in_.size() - head.size() < body) {
    return false;
  }
  in_.erase(0, head.size() + body);
  answer_request(request);
  return true;
}

void DemoBackend::Connection::answer_request(const http::RequestHead& request) {
  if (websocket::check_request(request) == websocket::UpgradeRequest::Valid) {
    is_websocket_ = true;
    send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Backend: " +
         owner_.name_ + "\r\nSec-WebSocket-Accept: " +
         websocket::accept_for(request.fields.find("Sec-WebSocket-Key")->value) + "\r\n\r\n");
    return;
  }
  const auto* const accept = request.fields.find("Accept");
  const bool wants_page = accept != nullptr && accept->value.find("text/html") != std::string_view::npos;
  std::string body = "hello from " + owner_.name_ + ": " + std::string(request.method) + " " +
                     std::string(request.target) + "\n";
  if (wants_page) {
    body = demo_page(owner_.name_);
  }
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: " +
                       std::string(wants_page ? "text/html; charset=utf-8" : "text/plain") +
                       "\r\nX-Backend: " + owner_.name_ +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  send(request.is_head() ? answer : answer + body);
}

bool DemoBackend::Connection::serve_frame() {
  const auto parsed = websocket::parse_frame_header(bytes_of(in_));
  if (parsed.step == websocket::HeaderStep::NeedMore) {
    return false;
  }
  const websocket::FrameHeader& header = parsed.header;
  if (parsed.step == websocket::HeaderStep::Malformed || !header.masked || header.rsv != 0 ||
      header.length > kMostBuffered) {
    std::string close;
    websocket::append_close(close, kProtocolError, "not a frame this demo understands");
    send(close);
    end();
    return false;
  }
  const auto length = static_cast<std::size_t>(header.length);
  if (in_.size() - header.header_bytes < length) {
    return false;
  }
  std::string payload = in_.substr(header.header_bytes, length);
  in_.erase(0, header.header_bytes + length);
  websocket::apply_mask({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()}, header.mask);
  answer_frame(header, payload);
  return true;
}

void DemoBackend::Connection::answer_frame(const websocket::FrameHeader& header, const std::string& payload) {
  std::string answer;
  switch (static_cast<websocket::Opcode>(header.opcode)) {
    case websocket::Opcode::Text:
      websocket::append_frame(answer, websocket::Opcode::Text, owner_.name_ + ": " + payload);
      break;
    case websocket::Opcode::Ping:
      websocket::append_frame(answer, websocket::Opcode::Pong, payload);
      break;
    case websocket::Opcode::Pong:
      return;
    case websocket::Opcode::Close:
      websocket::append_frame(answer, websocket::Opcode::Close, payload);
      send(answer);
      end();
      return;
    default:
      websocket::append_frame(answer, websocket::Opcode::Binary, payload);
      break;
  }
  send(answer);
}

void DemoBackend::Connection::send(std::string_view bytes) {
  if (stream_ == nullptr) {
    return;
  }
  const auto result = out_.send(*stream_, bytes_of(bytes));
  if (result.status == net::IoStatus::Broken) {
    end();
    return;
  }
  stream_->watch(out_.empty(), !out_.empty());
}

void DemoBackend::Connection::on_writable(net::Stream&) {
  if (out_.flush(*stream_).status == net::IoStatus::Broken) {
    end();
    return;
  }
  stream_->watch(out_.empty(), !out_.empty());
}

void DemoBackend::Connection::end() {
  if (stream_ != nullptr) {
    stream_->shutdown_write();
    stream_.reset();
    owner_.loop_.bury(owner_.connections_->list.remove(*this));
  }
}

DemoBackend::DemoBackend(net::UvLoop& loop, std::string name)
    : loop_(loop), name_(std::move(name)), connections_(std::make_unique<Connections>()) {}

DemoBackend::~DemoBackend() = default;

Result<std::unique_ptr<DemoBackend>> DemoBackend::start(net::UvLoop& loop, std::string name) {
  std::unique_ptr<DemoBackend> backend(new DemoBackend(loop, std::move(name)));
  auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
  if (!bound.ok()) {
    return bound.error();
  }
  backend->address_ = bound->address;
  auto listener = net::Listener::start(
      loop, std::move(bound->sockets.front()),
      [self = backend.get()](net::Fd socket, const SocketAddress&) { self->on_accept(std::move(socket)); });
  if (!listener.ok()) {
    return listener.error();
  }
  backend->listener_ = std::move(listener).value();
  return backend;
}

void DemoBackend::on_accept(net::Fd socket) {
  connections_->list.add(
      std::make_unique<Connection>(*this, net::SocketStream::adopt(loop_, std::move(socket))));
}

}  // namespace limpet::app
