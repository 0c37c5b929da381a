// The request half of an Exchange: who asks for what, and how the request goes to the backend.

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/forwarded.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/introduction.h"

namespace limpet::proxy {

namespace {

// A request that may be sent again is kept up to this size.
constexpr std::size_t kMostKept = 64 * 1024;

void append_values(std::string& joined, const http::Fields& fields, std::string_view name) {
  for (const http::Field& field : fields) {
    if (iequals(field.name, name)) {
      joined += joined.empty() ? "" : ",";
      joined += field.value;
    }
  }
}

// A browser tells with every handshake which site's page asks for it (RFC 6455 10.2). Where a list is given,
// that site must be on it, and whoever sends no Origin or several is not.
bool is_welcome(const http::Fields& fields, const std::vector<OriginPattern>& welcome) noexcept {
  if (welcome.empty()) {
    return true;
  }
  const http::Field* const origin = fields.count("Origin") == 1 ? fields.find("Origin") : nullptr;
  return origin != nullptr &&
         std::any_of(welcome.begin(), welcome.end(),
                     [origin](const OriginPattern& pattern) { return pattern.matches(origin->value); });
}

}  // namespace

Exchange::Exchange(Context& context, ClientConnection& client)
    : context_(context),
      client_(client),
      started_(context.loop.now()),
      asked_(context.shared.clock.now()),
      request_done_(started_) {
  pace_.restart(started_);
}

Exchange::~Exchange() {
  to_backend_.drop(context_.loop.chunks());
}

bool Exchange::read_request(const http::RequestHead& head, std::string_view listener_pool) {
  const Snapshot& snapshot = *context_.snapshot;
  is_head_ = head.is_head();
  if (snapshot.access_log) {
    label_.append(head.method).append(" ").append(head.path);
  }
  request_id_ = read_request_id(head);
  const http::Origin origin = read_origin(head);
  client_used_tls_ = origin.decides_tls ? origin.used_tls : client_.arrival().used_tls;
  client_address_ = origin.client;
  if (client_.arrival().over_limit || context_.stopping) {
    fail(client_.arrival().over_limit ? CloseReason::SessionsFull : CloseReason::Stopping);
    return false;
  }
  const Route* const route = snapshot.find_route(head.host_without_port(), head.path);
  const auto* const pool = route != nullptr ? snapshot.pool(route->pool) : snapshot.pool_named(listener_pool);
  if (pool == nullptr) {
    fail(CloseReason::NoRoute);
    return false;
  }
  pool_ = pool->id;
  route_ = route != nullptr ? route->id : 0;
  if (!note_upgrade(head)) {
    return false;
  }
  is_idempotent_ = head.is_idempotent();
  client_keeps_alive_ = head.keep_alive;
  client_version_ = head.version;
  request_body_ = http::BodyFramer(head.body);
  if (!accept_.empty() && !admit_session(head)) {
    return false;
  }
  identity_ = affinity::identify(*pool, {.client = {client_address_, head},
                                         .now = context_.loop.now(),
                                         .wall_now = context_.shared.clock.wall_now(),
                                         .random = context_.random.next()});
  if (identity_.cookie_fault) {
    pool_counts().cookies_refused[static_cast<std::size_t>(*identity_.cookie_fault)].add();
  }
  write_request(head, *pool, origin);
  return true;
}

http::Origin Exchange::read_origin(const http::RequestHead& head) const {
  const Arrival& arrival = client_.arrival();
  return arrival.hides_client
             ? http::Origin{.client = arrival.peer.ip()}
             : http::read_origin(arrival.peer.ip(), head.fields, context_.snapshot->trusted_proxies);
}

// Only a proxy that is trusted may name a request; whatever else a client says would be its to choose.
RequestId Exchange::read_request_id(const http::RequestHead& head) {
  if (const std::string_view given = given_request_id(head.fields);
      !given.empty() && is_from_trusted(client_.arrival(), *context_.snapshot)) {
    return RequestId(given);
  }
  return context_.request_ids.make();
}

bool Exchange::note_upgrade(const http::RequestHead& head) {
  const websocket::UpgradeRequest asked = websocket::check_request(head);
  asks_upgrade_ = asked != websocket::UpgradeRequest::NotAsked;
  switch (asked) {
    case websocket::UpgradeRequest::NotAsked:
      return true;
    case websocket::UpgradeRequest::UnsupportedVersion:
      fail(CloseReason::UnsupportedVersion);
      return false;
    case websocket::UpgradeRequest::Malformed:
      fail(CloseReason::MalformedRequest, "the WebSocket handshake breaks RFC 6455 4.1");
      return false;
    case websocket::UpgradeRequest::Valid:
      break;
  }
  accept_ = websocket::accept_for(head.fields.find("Sec-WebSocket-Key")->value);
  append_values(protocols_, head.fields, "Sec-WebSocket-Protocol");
  append_values(extensions_, head.fields, "Sec-WebSocket-Extensions");
  return true;
}

bool Exchange::admit_session(const http::RequestHead& head) {
  const settings::Limits& limits = context_.snapshot->limits;
  if (!is_welcome(head.fields, limits.websocket_origins)) {
    fail(CloseReason::ForeignOrigin);
    return false;
  }
  const ClientLimits bounds{.sessions = limits.sessions_per_client,
                            .handshakes = limits.handshakes_per_client.events,
                            .per = limits.handshakes_per_client.per};
  if (!bounds.any() || is_nameless()) {
    return true;
  }
  const ClientId client = client_id(client_address_);
  const ClientLedger::Answer answer = context_.shared.clients.admit(client, bounds, context_.loop.now());
  switch (answer.admission) {
    case Admission::Admitted:
      seat_ = ClientSeat(context_.shared.clients, context_.shared.clock, client);
      return true;
    case Admission::TooManySessions:
      fail(CloseReason::ClientSessions);
      return false;
    case Admission::TooFast:
      break;
  }
  fail(CloseReason::ClientRate, {}, answer.retry_after_s);
  return false;
}

// A client on a Unix socket without a proxy's word on who it is.
bool Exchange::is_nameless() const noexcept {
  return client_.arrival().peer.is_unix() && client_address_ == IpAddress{};
}

void Exchange::write_request(const http::RequestHead& head, const affinity::PoolView& pool,
                             const http::Origin& origin) {
  http::RequestRewrite rewrite;
  rewrite.forwarded = forwarded_of(client_.arrival(), origin, *context_.snapshot);
  rewrite.forwarded.proto = client_used_tls_ ? "https" : "http";
  if (pool.rule.by == settings::AffinityBy::Cookie) {
    rewrite.strip_cookie = pool.rule.cookie.name;
  }
  if (const net::TlsFacts* const tls = client_.tls()) {
    rewrite.client_certificate = tls->client_subject;
  }
  RequestId::Hex hex;
  rewrite.request_id = request_id_.text(hex);
  rewrite.upgrade = !accept_.empty();
  http::append_request_head(request_, head, rewrite);
}

std::size_t Exchange::on_request_bytes(std::string_view bytes) {
  const bool chunked = request_body_.framing() == http::Framing::Chunked;
  const bool was_complete = request_body_.done();
  std::string& assembly = context_.assembly;
  assembly.clear();
  std::size_t used = 0;
  pace_.add(bytes.size(), context_.loop.now());
  while (!request_body_.done()) {
    const http::BodyFramer::Piece piece = request_body_.next(bytes.substr(used));
    used += piece.consumed;
    if (piece.step == http::BodyFramer::Step::Data && chunked) {
      http::append_chunk(assembly, piece.data);
    } else if (piece.step == http::BodyFramer::Step::Data) {
      if (!pass_request_piece(piece.data)) {
        return used;
      }
    } else if (piece.step == http::BodyFramer::Step::Malformed) {
      fail(CloseReason::MalformedBody, request_body_.fault());
      return used;
    } else if (piece.step == http::BodyFramer::Step::NeedMore) {
      break;
    }
  }
  if (chunked && request_body_.done() && !was_complete) {
    http::append_last_chunk(assembly, request_body_.trailers());
  }
  if (!pass_request_piece(assembly)) {
    return used;
  }
  if (request_body_.done() && !was_complete) {
    on_request_complete();
  }
  return used;
}

bool Exchange::pass_request_piece(std::string_view encoded) {
  if (encoded.empty()) {
    return true;
  }
  if (!connected_) {
    request_ += encoded;
    return true;
  }
  if (request_kept_ && is_idempotent_ && request_.size() + encoded.size() <= kMostKept) {
    request_ += encoded;
  } else {
    request_kept_ = false;
    std::string().swap(request_);
  }
  const net::IoResult result = to_backend_.send(*backend_, bytes_of(encoded));
  if (net::is_out_of_chunks(result)) {
    fail(CloseReason::InternalError, kOutOfChunks);
    return false;
  }
  if (result.status == net::IoStatus::Broken) {
    // What the backend answered before it stopped reading is still to be read; the read tells how this ends.
    to_backend_.drop(context_.loop.chunks());
  }
  update_backend_watch();
  return true;
}

void Exchange::on_request_complete() {
  request_done_ = context_.loop.now();
  asked_ = context_.shared.clock.now();
  if (client_.state() == SessionState::AwaitingAnswer) {
    client_.arm(context_.snapshot->timeouts.response);
  }
}

std::size_t Exchange::most_a_read() const noexcept {
  const std::uint64_t known = request_body_.framing() == http::Framing::Length ? request_body_.left() : 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(known + ClientConnection::kEarlyBytes, net::Loop::kScratchBytes));
}

bool Exchange::takes_request_bytes() const noexcept {
  return connected_ && to_backend_.empty();
}

}  // namespace limpet::proxy
