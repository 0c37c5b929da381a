// How a client connection reads and serves; how it ends is client_connection_end.cc.

#include "proxy/client_connection.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace limpet::proxy {

namespace {

// A client that has sent FIN may be gone: how long the next piece of its answer may take.
constexpr Duration kHalfClosedPatience = std::chrono::seconds(5);

}  // namespace

ClientConnection::ClientConnection(Context& context, net::StreamPtr stream, Arrival arrival)
    : context_(context), stream_(std::move(stream)), deadline_(*this), arrival_(std::move(arrival)) {
  stream_->set_events(this);
  stream_->watch(true, false);
  arm(context_.snapshot->timeouts.head);
}

ClientConnection::~ClientConnection() {
  out_.drop(context_.loop.chunks());
}

void ClientConnection::advance(SessionState next) {
  LIMPET_ASSERT(may_follow(state_, next), "a state is followed by one of its followers");
  state_ = next;
}

void ClientConnection::arm(Duration wait) {
  // A connect that is cut short by an impatient client would be held against the backend.
  const bool is_impatient = client_ended_ && state_ != SessionState::Connecting;
  context_.loop.deadlines().arm(
      deadline_, context_.loop.now() + (is_impatient ? std::min(wait, kHalfClosedPatience) : wait));
}

void ClientConnection::on_readable(net::Stream&) {
  switch (state_) {
    case SessionState::ReadingHead:
      if (speaks_as_it_should()) {
        read_head();
      }
      return;
    case SessionState::Closing:
      discard();
      return;
    default:
      read_for_exchange();
      return;
  }
}

std::string_view ClientConnection::read_some(std::size_t most) {
  const auto scratch = context_.loop.scratch();
  const net::IoResult result = stream_->read(scratch.first(std::min(most, scratch.size())));
  switch (result.status) {
    case net::IoStatus::Done:
      return {reinterpret_cast<const char*>(scratch.data()), result.bytes};
    case net::IoStatus::WouldBlock:
      break;
    case net::IoStatus::End:
      on_client_end();
      break;
    case net::IoStatus::Broken:
      if (result.error == net::kEndUnsaid) {
        on_client_end();  // a request says where it ends: nothing can be missing unnoticed
      } else {
        close_now(CloseReason::ClientReset);
      }
      break;
  }
  return {};
}

bool ClientConnection::speaks_as_it_should() {
  const net::TlsFacts* const tls = stream_->tls();
  if (tls == nullptr || tls->fault != net::TlsFault::PlainText) {
    return true;
  }
  refuse(CloseReason::PlainText);
  return false;
}

void ClientConnection::read_head() {
  // A head, and what may come early behind it; a part of a head is never longer than its bound.
  const std::string_view fresh =
      read_some(context_.snapshot->limits.head_bytes + kEarlyBytes - inbox_.size());
  if (fresh.empty()) {
    return;
  }
  if (inbox_.empty()) {
    if (served_any_) {
      arm(context_.snapshot->timeouts.head);  // that of a new connection runs since it was accepted
    }
    consume(fresh);
  } else {
    inbox_.append(fresh);
    consume(inbox_);
  }
}

void ClientConnection::on_client_end() {
  client_ended_ = true;
  if (state_ == SessionState::ReadingHead || state_ == SessionState::Closing) {
    close_now(inbox_.empty() ? CloseReason::ClientClosed : CloseReason::ClientGone);
    return;
  }
  if (exchange_ != nullptr && !exchange_->request_is_complete()) {
    close_now(CloseReason::ClientGone);
    return;
  }
  // Shortens what is waited for, never lengthens it.
  if (state_ != SessionState::Connecting && deadline_.due() > context_.loop.now() + kHalfClosedPatience) {
    arm(kHalfClosedPatience);
  }
  update_watch();
}

// `bytes` begins at the start of a head; it is the scratch or the inbox.
void ClientConnection::consume(std::string_view bytes) {
  const std::size_t most = context_.snapshot->limits.head_bytes;
  const http::HeadEnd::Found found = head_end_.look(bytes);
  if (found == http::HeadEnd::Found::Malformed) {
    refuse(CloseReason::MalformedRequest, "a line of the request head does not end with CR LF");
    return;
  }
  const bool complete = found == http::HeadEnd::Found::Complete;
  if ((complete ? head_end_.size() : bytes.size()) > most) {
    refuse(CloseReason::HeadTooLarge);
    return;
  }
  if (!complete) {
    keep(bytes);
    return;
  }
  begin_exchange(bytes.substr(0, head_end_.size()), bytes.substr(head_end_.size()));
}

void ClientConnection::keep(std::string_view rest) {
  if (rest.data() >= inbox_.data() && rest.data() <= inbox_.data() + inbox_.size()) {
    inbox_.erase(0, static_cast<std::size_t>(rest.data() - inbox_.data()));
  } else {
    inbox_.assign(rest);
  }
  if (inbox_.empty()) {
    std::string().swap(inbox_);  // an idle connection holds no buffer
  }
}

void ClientConnection::begin_exchange(std::string_view head, std::string_view rest) {
  head_end_.reset();
  context_.counters.add(Counter::Requests);
  const auto& limits = context_.snapshot->limits;
  http::RequestHead& request = context_.request_head;
  if (const auto refusal = http::parse_request(head, {limits.head_bytes, limits.headers}, request)) {
    refuse(refusal->reason, refusal->detail);
    return;
  }
  refusing_head_ = request.is_head();
  exchange_ = std::make_unique<Exchange>(context_, *this);
  Exchange& exchange = *exchange_;  // stays valid to the end of the turn whatever happens
  if (!exchange.read_request(request, arrival_.listener->pool)) {
    return;
  }
  const std::size_t used = exchange.on_request_bytes(rest);
  if (!is_open() || exchange_.get() != &exchange) {
    return;
  }
  keep(rest.substr(used));
  exchange.attempt();
  update_watch();
}

void ClientConnection::read_for_exchange() {
  if (exchange_ != nullptr && !exchange_->request_is_complete()) {
    const std::string_view fresh = read_some(exchange_->most_a_read());
    if (fresh.empty()) {
      return;
    }
    context_.loop.make_way_for(fresh.size());
    if (exchange_ == nullptr) {
      return;  // the begin of this request was among it, and found no backend
    }
    Exchange& exchange = *exchange_;
    const std::size_t used = exchange.on_request_bytes(fresh);
    if (is_open() && exchange_.get() == &exchange) {
      inbox_.append(fresh.substr(used));
      update_watch();
    }
    return;
  }
  const std::size_t room = kEarlyBytes - std::min(kEarlyBytes, inbox_.size());
  if (room > 0) {
    inbox_.append(read_some(room));
  }
  update_watch();
}

void ClientConnection::discard() {
  static_cast<void>(read_some(net::Loop::kScratchBytes));
}

void ClientConnection::on_batch_end() {
  if (is_open() && out_.is_deferred()) {
    on_writable(*stream_);
  }
}

bool ClientConnection::send(std::string_view bytes, When when) {
  if (!is_open()) {
    return false;
  }
  const bool was_empty = out_.empty();
  const net::IoResult result = when == When::Now ? out_.send(*stream_, bytes_of(bytes))
                                                 : out_.send_soon(*stream_, bytes_of(bytes), *this);
  if (result.status == net::IoStatus::Broken) {
    close_now(net::is_out_of_chunks(result) ? CloseReason::InternalError : CloseReason::ClientReset);
    return false;
  }
  if (was_empty != out_.empty()) {
    update_watch();
  }
  return true;
}

void ClientConnection::update_watch() {
  if (!is_open()) {
    return;
  }
  bool readable = false;
  if (state_ == SessionState::ReadingHead) {
    readable = out_.empty();
  } else if (state_ == SessionState::Closing) {
    readable = true;
  } else if (exchange_ != nullptr) {
    readable =
        exchange_->request_is_complete() ? inbox_.size() < kEarlyBytes : exchange_->takes_request_bytes();
  }
  stream_->watch(readable && !client_ended_, !out_.empty());
}

void ClientConnection::on_writable(net::Stream&) {
  const net::IoResult result = out_.flush(*stream_);
  if (result.status == net::IoStatus::Broken) {
    close_now(CloseReason::ClientReset);
    return;
  }
  if (exchange_ != nullptr) {
    exchange_->on_client_progress(result.bytes);
  }
  if (!is_open()) {
    return;
  }
  if (!out_.empty()) {
    // The client takes the rest of its answer, slowly; an exchange minds its own time.
    if (exchange_ == nullptr && pace_.add(result.bytes, context_.loop.now())) {
      arm(context_.snapshot->timeouts.body);
    }
    return;
  }
  if (closing_for_ != CloseReason::None) {
    close_gently(closing_for_);
  } else if (state_ == SessionState::ReadingHead) {
    serve_inbox();
  } else {
    update_watch();
  }
}

void ClientConnection::on_broken(net::Stream&) {
  if (const net::TlsFacts* const tls = stream_->tls(); tls != nullptr && tls->fault != net::TlsFault::None) {
    context_.shared.log.debug(
        "tls_failed",
        {{"fault", net::word(tls->fault)}, {"detail", tls->detail}, {"client", arrival_.peer.to_string()}});
    close_now(CloseReason::TlsFailed);
    return;
  }
  close_now(client_ended_ ? CloseReason::ClientGone : CloseReason::ClientReset);
}

void ClientConnection::on_deadline() {
  if (closing_for_ == CloseReason::Completed && !out_.empty()) {
    closing_for_ = CloseReason::None;  // it was not: the client has not taken its answer
    close_now(CloseReason::BodyTimeout);
    return;
  }
  if (state_ == SessionState::Closing || closing_for_ != CloseReason::None) {
    close_now(closing_for_ == CloseReason::None ? CloseReason::ClientGone : closing_for_);
    return;
  }
  if (state_ == SessionState::ReadingHead) {
    if (!out_.empty()) {
      close_now(CloseReason::BodyTimeout);  // the answer before is not being read
    } else if (served_any_ && inbox_.empty()) {
      close_now(CloseReason::KeepAliveOver);
    } else {
      refuse(CloseReason::HeadTimeout);
    }
    return;
  }
  if (exchange_ == nullptr) {
    return;
  }
  // While connecting the next backend is tried as ever.
  if (client_ended_ && exchange_->is_connected() && !exchange_->progressed_within(kHalfClosedPatience)) {
    close_now(CloseReason::ClientGone);
    return;
  }
  exchange_->on_deadline();
}

void ClientConnection::on_exchange_done(bool keep_alive) {
  drop_exchange();
  if (!is_open()) {
    return;
  }
  served_any_ = true;
  if (!keep_alive || context_.stopping) {
    close_gently(CloseReason::Completed);
    return;
  }
  serve_next();
}

// The answer is complete here; the client has yet to take what is kept of it.
void ClientConnection::await_reader() {
  pace_.restart(context_.loop.now());
  arm(context_.snapshot->timeouts.body);
  update_watch();
}

void ClientConnection::serve_next() {
  advance(SessionState::ReadingHead);
  refusing_head_ = false;
  if (!out_.empty()) {
    await_reader();
    return;
  }
  serve_inbox();
}

void ClientConnection::serve_inbox() {
  if (context_.stopping && inbox_.empty()) {
    context_.counters.add_end(CloseReason::Shutdown);
    close_gently(CloseReason::Shutdown);
    return;
  }
  arm(inbox_.empty() ? context_.snapshot->timeouts.keep_alive : context_.snapshot->timeouts.head);
  if (!inbox_.empty()) {
    consume(inbox_);
  }
  if (is_open() && state_ == SessionState::ReadingHead && client_ended_) {
    close_now(CloseReason::ClientClosed);
    return;
  }
  update_watch();
}

}  // namespace limpet::proxy
