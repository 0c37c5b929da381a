// The answer half of an Exchange: heads read whole and written anew, bodies passed on piece by piece.

#include <algorithm>
#include <utility>

#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/introduction.h"

namespace limpet::proxy {

namespace {

// Data up to this size is copied behind a head or chunk so that both leave with one send.
constexpr std::size_t kCopiedData = 16 * 1024;
// 100 Continue, 103 Early Hints ...: more than this before one answer is an attack or a fault.
constexpr std::uint32_t kMostInterims = 16;
// A backend that says "timeout=5" closes at 5 s: the connection is not used in the last second.
constexpr Duration kKeepAliveMargin = std::chrono::seconds(1);

}  // namespace

void Exchange::on_readable(net::Stream& stream) {
  on_batch_end();  // the request leaves first
  if (backend_.get() != &stream) {
    return;  // and found the backend gone
  }
  const auto scratch = context_.loop.scratch();
  const net::IoResult result = stream.read(scratch);
  if (result.status == net::IoStatus::WouldBlock) {
    return;
  }
  if (result.status == net::IoStatus::End && status_ != 0 && answer_body_.complete_at_end()) {
    backend_keeps_alive_ = false;
    context_.assembly.clear();
    finish_answer({});
    return;
  }
  if (result.status != net::IoStatus::Done) {
    on_backend_gone(result.status == net::IoStatus::End ? CloseReason::BackendCut
                                                        : CloseReason::BackendReset);
    return;
  }
  context_.loop.make_way_for(result.bytes);
  pace_.restart(context_.loop.now());
  const std::string_view bytes(reinterpret_cast<const char*>(scratch.data()), result.bytes);
  if (status_ != 0) {
    context_.assembly.clear();
    pass_answer_body(bytes);
  } else if (answer_.empty()) {
    read_answer_head(bytes);
  } else {
    answer_ += bytes;
    const std::string gathered = std::exchange(answer_, {});
    read_answer_head(gathered);
  }
}

void Exchange::read_answer_head(std::string_view bytes) {
  const auto& limits = context_.snapshot->limits;
  while (true) {
    const auto found = answer_end_.look(bytes);
    const bool complete = found == http::HeadEnd::Found::Complete;
    if (found == http::HeadEnd::Found::Malformed ||
        (complete ? answer_end_.size() : bytes.size()) > limits.head_bytes) {
      fail(CloseReason::BadAnswer, "the head of the backend's answer is malformed or too large");
      return;
    }
    if (!complete) {
      answer_.assign(bytes);
      return;
    }
    http::ResponseHead& head = context_.response_head;
    const std::string_view head_bytes = bytes.substr(0, answer_end_.size());
    bytes.remove_prefix(answer_end_.size());
    answer_end_.reset();
    if (const auto refusal =
            http::parse_response(head_bytes, {limits.head_bytes, limits.headers}, {is_head_}, head)) {
      fail(CloseReason::BadAnswer, refusal->detail);
      return;
    }
    if (head.status == 101) {
      switch_protocols(head, bytes);
      return;
    }
    if (head.status >= 200) {
      begin_answer(head, bytes);
      return;
    }
    pass_interim(head);
    if (!client_.is_open() || backend_ == nullptr || bytes.empty()) {
      return;
    }
  }
}

void Exchange::pass_interim(const http::ResponseHead& head) {
  if (++interims_ > kMostInterims) {
    fail(CloseReason::BadAnswer, "the backend sends interim answers without end");
    return;
  }
  if (client_version_ == http::Version::Http10) {
    return;  // RFC 9110 15.2: an HTTP/1.0 client does not know them
  }
  std::string& out = context_.assembly;
  out.clear();
  http::append_response_head(out, head, {});
  if (client_.send(out)) {
    update_backend_watch();
  }
}

void Exchange::switch_protocols(const http::ResponseHead& head, std::string_view rest) {
  const bool asked = !accept_.empty() && to_backend_.empty();
  if (!asked || !websocket::is_valid_switch(head, accept_, {protocols_, extensions_})) {
    fail(CloseReason::BadAnswer, "the backend's 101 is not an answer to the handshake (RFC 6455 4.1)");
    return;
  }
  std::string& out = context_.assembly;
  out.clear();
  const std::string cookie = cookie_field();
  http::append_response_head(out, head,
                             {.connection = http::ClientConnectionField::Upgrade,
                              .client_version = client_version_,
                              .framing = http::Framing::None,
                              .set_cookie = cookie});
  status_ = head.status;
  note_handshake();
  use_.become_session();  // before the client can know of it
  if (!client_.send(out)) {
    return;
  }
  TunnelParts parts;
  PoolCounts& pool = pool_counts();
  pool.handshakes.opened.add();
  traffic()->handshakes.opened.add();
  if (identity_.key &&
      context_.shared.recent_ends.has_ended_lately(identity_.key->hash, context_.loop.now())) {
    pool.reconnects.add();
  }
  parts.id = context_.shared.last_session_id.fetch_add(1, std::memory_order_relaxed) + 1;
  log_session_open(parts.id);
  parts.backend = std::move(backend_);
  parts.backend_id = backend_id_;
  parts.route = route_;
  parts.backend_use = std::move(use_);
  parts.pin_use = std::move(pin_);
  parts.seat = std::move(seat_);
  parts.client_address = ends_told(client_.arrival(), client_address_).source;
  parts.request_id = std::move(request_id_);
  parts.pin_reason = decision_.reason;
  client_.become_tunnel(std::move(parts), rest);
}

void Exchange::note_handshake() {
  using std::chrono::microseconds;
  const Instant answered = context_.shared.clock.now();
  const microseconds took = std::max<microseconds>(answered - handshake_began_, {});
  context_.handshakes.note(pool_, took);
  pool_counts().opening.note(answered - asked_);
  backends::BackendState& state = *use_.state();
  state.handshakes.fetch_add(1, std::memory_order_relaxed);
  state.handshake_us.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

void Exchange::note_answer(int status) {
  if (!asks_upgrade_) {
    pool_counts().first_byte.note(context_.shared.clock.now() - asked_);
    return;
  }
  pool_counts().handshakes.note_refusal(status);
  if (backends::Traffic* const seen = traffic()) {
    seen->handshakes.note_refusal(status);
  }
}

void Exchange::begin_answer(const http::ResponseHead& head, std::string_view rest) {
  backend_keeps_alive_ = head.keep_alive;
  backend_keep_alive_s_ = head.keep_alive_s;
  answer_body_ = http::BodyFramer(head.body);
  to_client_ = head.body.framing;
  const bool cannot_frame = client_version_ == http::Version::Http10 && to_client_ == http::Framing::Chunked;
  if (cannot_frame) {
    to_client_ = http::Framing::UntilClose;
  }
  // Bytes that come behind an upgrade request are frames, not a request; they must not be read as one,
  // whenever they come.
  const bool refused_upgrade = !accept_.empty();
  // A refusal before the body was sent: the rest of the body may never come, or come for nothing.
  const bool early_refusal = !request_is_complete() && head.status >= 300;
  client_keeps_alive_ = client_keeps_alive_ && to_client_ != http::Framing::UntilClose && !early_refusal &&
                        !refused_upgrade && !context_.stopping;
  if (to_client_ == http::Framing::UntilClose) {
    client_.note_answer_until_close();
  }
  client_.advance(SessionState::ForwardingAnswer);
  client_.arm(context_.snapshot->timeouts.body);
  write_answer_head(head);
  status_ = head.status;
  note_answer(head.status);
  request_kept_ = false;
  std::string().swap(request_);
  pass_answer_body(rest);
}

void Exchange::write_answer_head(const http::ResponseHead& head) {
  const std::string cookie = cookie_field();
  std::string& out = context_.assembly;
  out.clear();
  http::append_response_head(out, head,
                             {.connection = client_keeps_alive_ ? http::ClientConnectionField::KeepAlive
                                                                : http::ClientConnectionField::Close,
                              .client_version = client_version_,
                              .framing = to_client_,
                              .set_cookie = cookie});
}

// What is ready to be sent (a head, chunks) is in the assembly; ends with everything sent or kept for the
// client.
void Exchange::pass_answer_body(std::string_view bytes) {
  while (true) {
    const http::BodyFramer::Piece piece = answer_body_.next(bytes);
    bytes.remove_prefix(piece.consumed);
    switch (piece.step) {
      case http::BodyFramer::Step::Data:
        if (!pass_answer_piece(piece.data)) {
          return;
        }
        continue;
      case http::BodyFramer::Step::NeedMore:
        if (flush_assembly()) {
          update_backend_watch();
        }
        return;
      case http::BodyFramer::Step::Malformed:
        if (flush_assembly()) {
          fail(CloseReason::BadAnswer, answer_body_.fault());
        }
        return;
      case http::BodyFramer::Step::Done:
        finish_answer(bytes);
        return;
    }
  }
}

bool Exchange::pass_answer_piece(std::string_view data) {
  std::string& out = context_.assembly;
  answer_bytes_ += data.size();
  if (to_client_ == http::Framing::Chunked) {
    http::append_chunk(out, data);
    return true;
  }
  if (data.size() <= kCopiedData && (!out.empty() || answer_body_.framing() == http::Framing::Chunked)) {
    out += data;
    return true;
  }
  return flush_assembly() && client_.send(data);
}

bool Exchange::flush_assembly(bool may_wait) {
  using When = ClientConnection::When;
  std::string& out = context_.assembly;
  const bool open = out.empty() ? client_.is_open() : client_.send(out, may_wait ? When::Soon : When::Now);
  out.clear();
  return open;
}

void Exchange::finish_answer(std::string_view spare) {
  if (to_client_ == http::Framing::Chunked) {
    http::append_last_chunk(context_.assembly, answer_body_.trailers());
  }
  const bool goes_on = client_keeps_alive_ && request_is_complete();
  if (!flush_assembly(goes_on)) {
    return;
  }
  if (!label_.empty()) {
    log_request(CloseReason::Completed);
  }
  context_.counters.add_end(CloseReason::Completed);
  keep_backend(spare);
  client_.on_exchange_done(goes_on);
}

void Exchange::keep_backend(std::string_view spare) {
  const bool was_removed = backend() == nullptr || context_.idle.epoch(backend_id_) != backend_epoch_;
  if (was_removed || introduced_ || !backend_keeps_alive_ || !spare.empty() || !request_is_complete() ||
      !to_backend_.empty()) {
    return;
  }
  Duration how_long = context_.snapshot->timeouts.keep_alive;
  if (backend_keep_alive_s_) {
    how_long = std::min<Duration>(how_long, std::chrono::seconds(*backend_keep_alive_s_) - kKeepAliveMargin);
  }
  backend_->set_events(nullptr);
  context_.idle.put(backend_id_, std::move(backend_), how_long);
}

std::string Exchange::cookie_field() {
  if (!decision_.set_cookie || !identity_.key) {
    return {};
  }
  const auto* const pool = context_.snapshot->pool(pool_);
  const auto* const chosen = backend();
  if (pool == nullptr || chosen == nullptr) {
    return {};
  }
  return affinity::cookie_for(*pool, *identity_.key, *chosen, client_used_tls_,
                              context_.shared.clock.wall_now());
}

}  // namespace limpet::proxy
