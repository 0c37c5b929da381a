// The attempts of an Exchange: decide, connect, and go on along the walk when one fails.

#include <utility>

#include "base/text.h"
#include "net/tls_stream.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/introduction.h"

namespace limpet::proxy {

namespace {

// A claim is lost to another request of the same client, whose choice the next decision follows. Losing more
// often means that an operator is changing the pin at this moment; then the last decision stands.
constexpr int kMostClaims = 4;

void count_failure(backends::BackendState& state, bool at_connect) {
  state.failures.fetch_add(1, std::memory_order_relaxed);
  if (at_connect) {
    state.connect_failures.fetch_add(1, std::memory_order_relaxed);
  }
}

// Why a connect, or the TLS handshake behind it, did not come about.
std::string connect_failure(const net::Stream& stream, int error) {
  const net::TlsFacts* const tls = stream.tls();
  return tls != nullptr && tls->fault != net::TlsFault::None
             ? net::describe(*tls)
             : system_error(error, Side::Backend, "connect").detail;
}

}  // namespace

void Exchange::attempt() {
  const auto* const pool = context_.snapshot->pool(pool_);
  if (pool == nullptr) {
    fail(CloseReason::NoBackend, "the pool was removed");
    return;
  }
  Tallies<affinity::kGroundCount>& decisions = pool_counts().decisions;
  do {
    decision_ = decide_backend(*pool);
    if (decision_.outcome != affinity::Outcome::Chosen) {
      decisions[static_cast<std::size_t>(decision_.ground)].add();
      fail(last_failure_, decision_.outcome == affinity::Outcome::StrictPin
                              ? "the backend this client belongs to cannot take it and affinity is strict"
                              : std::string_view{});
      return;
    }
    // A pin that names another backend is changed only when this one has taken the connection: see
    // on_connected().
  } while (decision_.pin_seen == 0 && !claim_pin(*pool));
  decisions[static_cast<std::size_t>(decision_.ground)].add();
  client_.advance(SessionState::Connecting);
  if (!moves_pin() && ask_for_pin(*pool)) {
    return;
  }
  connect_to(*decision_.backend);
}

affinity::Decision Exchange::decide_backend(const affinity::PoolView& pool) {
  return affinity::decide(pool, identity_,
                          {.client = {client_address_, context_.request_head},
                           .now = context_.loop.now(),
                           .wall_now = context_.shared.clock.wall_now(),
                           .random = context_.random.next()},
                          context_.shared.pins, {std::span(tried_.data(), tries_), nullptr});
}

void Exchange::connect_to(const backends::Backend& backend) {
  backend_id_ = backend.id;
  backend_epoch_ = context_.idle.epoch(backend.id);
  use_ = BackendUse(backend.state);
  context_.counters.add(Counter::BackendAttempts);
  reused_ = false;
  introduced_ = false;
  const bool may_reuse = accept_.empty() && !fresh_only_ && backend.spec.send_proxy == ProxyVersion::Off;
  if (may_reuse) {
    backend_ = context_.idle.take(backend.id);
  }
  if (backend_ != nullptr) {
    reused_ = true;
    backend_->set_events(this);
    context_.counters.add(Counter::BackendReused);
    on_connected();
    return;
  }
  auto started = context_.connector.connect(*backend.address);
  if (!started.ok() && started.error().side == Side::Self && context_.idle.clear()) {
    started = context_.connector.connect(*backend.address);  // with what the idle ones have given back
  }
  if (!started.ok()) {
    // Of our own shortage another backend may know nothing: each address has local ports of its own.
    const bool is_own = started.error().side == Side::Self;
    on_attempt_failed(is_own ? CloseReason::InternalError : CloseReason::BackendUnreachable,
                      started.error().detail);
    return;
  }
  backend_ = std::move(started->stream);
  backend_->set_events(this);
  if (started->is_connected) {
    on_reached();
    return;
  }
  await_backend();
}

void Exchange::on_batch_end() {
  if (backend_ != nullptr && to_backend_.is_deferred()) {
    on_writable(*backend_);
  }
}

void Exchange::on_writable(net::Stream& stream) {
  if (pin_wait_.is_under_way()) {
    return;
  }
  if (!connected_) {
    const int error = stream.take_socket_error();
    if (error != 0) {
      on_attempt_failed(CloseReason::BackendUnreachable, connect_failure(stream, error));
      return;
    }
    on_reached();
    return;
  }
  const bool begins = to_backend_.is_deferred();
  const bool is_broken = to_backend_.flush(stream).status == net::IoStatus::Broken;
  if (begins && is_broken) {
    on_backend_gone(CloseReason::BackendCut);  // nothing of the request was sent
    return;
  }
  if (begins) {
    on_request_sent();
  }
  if (is_broken) {
    to_backend_.drop(context_.loop.chunks());  // the read tells how this ends
  }
  pace_.restart(context_.loop.now());  // the client was kept waiting until now
  update_backend_watch();
  client_.update_watch();
}

// What is said in front of everything, TLS too, is said here; a handshake is awaited as the connect was.
void Exchange::on_reached() {
  if (backend_->tls() != nullptr) {
    on_connected();
    return;
  }
  if (!introduce_client()) {
    on_attempt_failed(CloseReason::BackendUnreachable, "it does not take the PROXY header");
    return;
  }
  net::TlsClientPtr tls = context_.snapshot->tls_to(backend_id_);
  if (tls == nullptr) {
    on_connected();
    return;
  }
  backend_ = net::TlsStream::connect(std::move(backend_), std::move(tls));
  backend_->set_events(this);
  await_backend();
}

void Exchange::await_backend() {
  backend_->watch(false, true);
  client_.arm(context_.snapshot->timeouts.connect);
}

void Exchange::on_connected() {
  const auto* const pool = context_.snapshot->pool(pool_);
  if (pool != nullptr && !claim_pin(*pool)) {
    // Another request of the client has moved it elsewhere meanwhile; nothing was sent yet, so follow it.
    release();
    attempt();
    return;
  }
  if (pool != nullptr && moves_pin() && ask_for_pin(*pool)) {
    backend_->watch(false, false);
    return;
  }
  send_request();
}

void Exchange::send_request() {
  connected_ = true;
  auto& state = *use_.state();
  if (state.connect_failures.load(std::memory_order_relaxed) != 0) {
    state.connect_failures.store(0, std::memory_order_relaxed);
  }
  state.requests.fetch_add(1, std::memory_order_relaxed);
  client_.advance(SessionState::AwaitingAnswer);
  const auto& timeouts = context_.snapshot->timeouts;
  client_.arm(request_is_complete() ? handshake_bound().value_or(timeouts.response) : timeouts.body);
  request_done_ = context_.loop.now();
  if (!accept_.empty()) {
    handshake_began_ = context_.shared.clock.now();
  }
  pace_.restart(request_done_);
  const net::IoResult result = to_backend_.send_soon(*backend_, bytes_of(request_), *this);
  if (net::is_out_of_chunks(result)) {
    fail(CloseReason::InternalError, kOutOfChunks);
    return;
  }
  if (result.status == net::IoStatus::Broken) {
    on_backend_gone(CloseReason::BackendCut);
    return;
  }
  if (!to_backend_.is_deferred()) {
    on_request_sent();
  }
  update_backend_watch();
  client_.update_watch();
}

bool Exchange::introduce_client() {
  const auto* const to = backend();
  if (to == nullptr || to->spec.send_proxy == ProxyVersion::Off) {
    return true;
  }
  introduced_ = true;
  std::string& header = context_.assembly;
  header.clear();
  net::append_proxy_header(header, to->spec.send_proxy, ends_told(client_.arrival(), client_address_));
  // What does not fit into the empty buffer of a new connection is no connection.
  return backend_->write(bytes_of(header)).bytes == header.size();
}

// Something of it was, or will be: from here on only what is idempotent may be sent again.
void Exchange::on_request_sent() {
  if (!is_idempotent_) {
    request_kept_ = false;
    std::string().swap(request_);
  }
}

bool Exchange::claim_pin(const affinity::PoolView& pool) {
  if (!identity_.key || pin_.is_held()) {
    return true;
  }
  const affinity::Pin pin{
      .backend = decision_.backend->id, .reason = decision_.reason, .by_hand = decision_.by_hand};
  const Instant now = context_.loop.now();
  if (++claims_ > kMostClaims) {
    context_.shared.pins.open_session(pool_, *identity_.key, pin, pool.rule.ttl, now);
  } else if (!context_.shared.pins.claim_session(pool_, *identity_.key, pin, decision_.pin_seen,
                                                 pool.rule.ttl, now)) {
    return false;
  }
  pin_ = PinUse(context_.shared.pins, context_.loop, pool_, *identity_.key);
  return true;
}

void Exchange::update_backend_watch() {
  if (backend_ != nullptr && !pin_wait_.is_under_way()) {
    backend_->watch(connected_ && client_.can_send(), !connected_ || !to_backend_.empty());
  }
}

bool Exchange::may_repeat() const noexcept {
  return request_kept_ && status_ == 0 && interims_ == 0 && answer_.empty();
}

void Exchange::on_attempt_failed(CloseReason reason, std::string_view detail) {
  context_.counters.add(Counter::BackendAttemptsFailed);
  const auto* const failed = backend();
  RequestId::Hex hex;
  context_.shared.log.debug("attempt_failed", {{"request_id", request_id_.text(hex)},
                                               {"backend", failed == nullptr ? "" : failed->spec.name},
                                               {"reason", describe(reason).word},
                                               {"detail", detail},
                                               {"client", client_.arrival().peer.to_string()}});
  if (use_.state() != nullptr && reason != CloseReason::InternalError) {
    count_failure(*use_.state(), !connected_);
  }
  if (backends::Traffic* const seen = asks_upgrade_ ? traffic() : nullptr) {
    seen->handshakes.note_failure(reason);
  }
  release();
  last_failure_ = reason;
  if (tries_ < kMostTries) {
    tried_[tries_] = backend_id_;
    ++tries_;
  }
  if (tries_ > context_.snapshot->retries || tries_ == kMostTries) {
    fail(reason);
    return;
  }
  attempt();
}

void Exchange::release() {
  backend_.reset();
  to_backend_.drop(context_.loop.chunks());
  connected_ = false;
  use_.end();
  pin_wait_.end();
  pin_.end();
  answer_.clear();
  answer_end_.reset();
}

void Exchange::on_backend_gone(CloseReason reason) {
  if (may_repeat() && reused_) {
    // The connection was too old, the backend may be well: once more, over a new one.
    release();
    fresh_only_ = true;
    attempt();
    return;
  }
  if (may_repeat()) {
    on_attempt_failed(reason, "the backend closed without an answer");
    return;
  }
  fail(reason);
}

void Exchange::on_broken(net::Stream&) {
  on_backend_gone(CloseReason::BackendReset);
}

void Exchange::fail(CloseReason reason, std::string_view detail, std::uint32_t retry_after_s) {
  if (status_ != 0) {
    client_.close_now(reason);
    return;
  }
  if (use_.state() != nullptr && describe(reason).side == Side::Backend) {
    count_failure(*use_.state(), false);  // it was asked, and gave no answer or none that is valid
  }
  const CloseReason told = reason == CloseReason::BackendReset ? CloseReason::BackendCut : reason;
  note_failed_handshake(told);
  if (!label_.empty()) {
    log_request(told);
  }
  client_.refuse(told, detail, retry_after_s);
}

void Exchange::on_client_progress(std::size_t bytes) {
  pace_.add(bytes, context_.loop.now());
  update_backend_watch();
}

void Exchange::on_cut(CloseReason reason) {
  note_failed_handshake(reason);
  if (!label_.empty()) {
    log_request(reason);
  }
}

void Exchange::note_failed_handshake(CloseReason reason) {
  constexpr int kSwitching = 101;
  const bool was_answered = status_ != 0 && status_ != kSwitching;
  if (!asks_upgrade_ || was_answered) {
    return;
  }
  pool_counts().handshakes.note_failure(reason);
  if (backends::Traffic* const seen = traffic()) {
    seen->handshakes.note_failure(reason);
  }
}

backends::Traffic* Exchange::traffic() {
  if (use_.state() == nullptr) {
    return nullptr;
  }
  PoolCounts& pool = pool_counts();
  return &use_.state()->traffic.of(
      context_.number, {.number = pool_, .from_client = pool.from_client, .from_backend = pool.from_backend});
}

const backends::Backend* Exchange::backend() const noexcept {
  const auto* const pool = context_.snapshot->pool(pool_);
  return pool == nullptr ? nullptr : pool->backends.by_id(backend_id_);
}

}  // namespace limpet::proxy
