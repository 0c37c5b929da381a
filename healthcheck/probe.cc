#include "healthcheck/probe.h"

#include <utility>

#include "base/text.h"
#include "healthcheck/duration_text.h"
#include "net/connector.h"
#include "net/proxy_protocol.h"
#include "net/tls_stream.h"

namespace limpet::healthcheck {

namespace {

using Outcome = ProbeResult::Outcome;

std::string text_of(const Error& error) {
  return error.code == ErrorCode::Refused || error.code == ErrorCode::Reset ? std::string(word(error.code))
                                                                            : error.detail;
}

}  // namespace

void Probe::start(const SocketAddress& address, const Endpoint& endpoint, const settings::Health& rule,
                  ProxyVersion send_proxy, net::TlsClientPtr tls) {
  started_ = loop_.now();
  send_proxy_ = send_proxy;
  timeout_ = rule.timeout;
  dialogue_ = make_dialogue(rule, endpoint);
  auto opened = net::SocketConnector(loop_).connect(address);
  if (!opened.ok()) {
    fail(opened.error());
    return;
  }
  stream_ = std::move(opened->stream);
  tls_ = std::move(tls);
  stream_->set_events(this);
  stream_->watch(false, true);  // also when it is connected: an owner is not told before start() has returned
  loop_.deadlines().arm(deadline_, started_ + timeout_);
}

void Probe::cancel() noexcept {
  deadline_.disarm();
  out_.drop(loop_.chunks());
  stream_.reset();
}

void Probe::on_writable(net::Stream& stream) {
  if (!connected_) {
    const int error = stream.take_socket_error();
    const net::TlsFacts* const tls = stream.tls();
    if (error != 0 && tls != nullptr && tls->fault != net::TlsFault::None) {
      finish(Outcome::Bad, net::describe(*tls));
      return;
    }
    if (error != 0) {
      fail(system_error(error, Side::Backend, "connect"));
      return;
    }
    on_reached();
    return;
  }
  const net::IoResult flushed = out_.flush(stream);
  if (flushed.status == net::IoStatus::Broken) {
    fail(system_error(flushed.error, Side::Backend, "send"));
    return;
  }
  stream.watch(true, !out_.empty());
}

// The PROXY header stands before everything else, TLS too; a handshake is awaited as the connect was.
void Probe::on_reached() {
  if (stream_->tls() != nullptr) {
    on_connected();
    return;
  }
  std::string header;
  if (send_proxy_ != ProxyVersion::Off) {
    net::append_own_proxy_header(header, send_proxy_);
  }
  // Without it the backend would take the connection for a broken client's.
  if (!header.empty() && !send(header)) {
    return;
  }
  if (tls_ == nullptr) {
    on_connected();
    return;
  }
  stream_ = net::TlsStream::connect(std::move(stream_), std::move(tls_));
  stream_->set_events(this);
  stream_->watch(false, true);
}

void Probe::on_connected() {
  connected_ = true;
  if (dialogue_ == nullptr) {
    finish(Outcome::Good, "connected");
  } else if (send(dialogue_->opening())) {
    stream_->watch(true, !out_.empty());
  }
}

bool Probe::send(std::string_view bytes) {
  const net::IoResult sent = out_.send(*stream_, bytes_of(bytes));
  if (sent.status == net::IoStatus::Broken) {
    fail(system_error(sent.error, Side::Backend, "send"));
    return false;
  }
  return true;
}

void Probe::on_readable(net::Stream& stream) {
  const auto into = loop_.scratch().first(kReadBytes);
  const net::IoResult result = stream.read(into);
  switch (result.status) {
    case net::IoStatus::Done:
      take_step(dialogue_->on_bytes({reinterpret_cast<const char*>(into.data()), result.bytes}));
      break;
    case net::IoStatus::WouldBlock:
      break;
    case net::IoStatus::End:
      finish(Outcome::Bad, "closed without a complete answer");
      break;
    case net::IoStatus::Broken:
      fail(system_error(result.error, Side::Backend, "receive"));
      break;
  }
}

void Probe::take_step(const DialogueStep& step) {
  if (step.state == DialogueStep::State::Waiting) {
    if (send(step.send)) {
      stream_->watch(true, !out_.empty());
    }
    return;
  }
  const bool is_good = step.state == DialogueStep::State::Good;
  if (!step.send.empty()) {
    // A farewell: the answer is known, so whether it arrives does not matter.
    static_cast<void>(out_.send(*stream_, bytes_of(step.send)));
  }
  finish(is_good ? Outcome::Good : Outcome::Bad, step.detail);
}

void Probe::on_broken(net::Stream&) {
  finish(Outcome::Bad, "reset");
}

void Probe::on_deadline() {
  finish(Outcome::Bad, "no answer within " + text_of(timeout_));
}

void Probe::fail(const Error& error) {
  const bool is_own = error.side == Side::Self || error.code == ErrorCode::Unavailable;
  finish(is_own ? Outcome::NotRun : Outcome::Bad, text_of(error));
}

void Probe::finish(Outcome outcome, std::string detail) {
  cancel();
  owner_.on_probe_done({.outcome = outcome, .detail = std::move(detail), .took = loop_.now() - started_});
}

}  // namespace limpet::healthcheck
