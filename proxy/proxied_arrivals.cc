#include "proxy/proxied_arrivals.h"

#include <memory>
#include <utility>

#include "http/forwarded.h"
#include "net/proxy_header_wait.h"

namespace limpet::proxy {

namespace {

using How = net::ProxyHeaderAnswer::How;

CloseReason reason_of(How how) noexcept {
  switch (how) {
    case How::Closed:
      return CloseReason::ClientClosed;
    case How::Reset:
      return CloseReason::ClientReset;
    case How::Late:
      return CloseReason::ProxyHeaderLate;
    case How::Unwatched:
      return CloseReason::InternalError;
    case How::Whole:
    case How::Malformed:
    case How::Cut:
      break;
  }
  return CloseReason::BadProxyHeader;
}

}  // namespace

class ProxiedArrivals::Waiting final : public net::Disposable, private net::ProxyHeaderOwner {
 public:
  Waiting(ProxiedArrivals& owner, net::Fd socket, Arrival the_arrival)
      : arrival(std::move(the_arrival)), wait(owner.loop_, std::move(socket), *this), owner_(owner) {}

  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

  Arrival arrival;
  net::ProxyHeaderWait wait;

 private:
  void on_proxy_header(const net::ProxyHeaderAnswer& answer) override {
    if (answer.how == How::Whole) {
      apply_proxy_header(arrival, answer.header);
      owner_.receiver_.receive(wait.take_socket(), std::move(arrival));
    } else {
      wait.cancel();
      owner_.note_end(reason_of(answer.how), arrival.peer, answer.fault);
    }
    owner_.end(*this);
  }

  ProxiedArrivals& owner_;
  std::uint32_t slot_ = 0;
};

ProxiedArrivals::ProxiedArrivals(net::UvLoop& loop, Context& context, ArrivalReceiver& receiver) noexcept
    : loop_(loop), context_(context), receiver_(receiver) {}

ProxiedArrivals::~ProxiedArrivals() = default;

void ProxiedArrivals::add(net::Fd socket, Arrival arrival) {
  const Snapshot& snapshot = *context_.snapshot;
  // Who may connect to a Unix socket is the business of its file's permissions.
  const bool is_welcome = snapshot.trusted_proxies.empty() || arrival.peer.is_unix() ||
                          http::is_trusted(arrival.peer.ip(), snapshot.trusted_proxies);
  if (!is_welcome) {
    socket.reset();
    note_end(CloseReason::UntrustedProxy, arrival.peer, {});
    return;
  }
  Waiting& waiting = waiting_.add(std::make_unique<Waiting>(*this, std::move(socket), std::move(arrival)));
  waiting.wait.start(loop_.now() + snapshot.timeouts.head);
}

void ProxiedArrivals::close_all(CloseReason reason) {
  waiting_.for_each([this, reason](Waiting& waiting) {
    waiting.wait.cancel();
    note_end(reason, waiting.arrival.peer, {});
    end(waiting);
  });
}

void ProxiedArrivals::end(const Waiting& waiting) {
  loop_.bury(waiting_.remove(waiting));
}

void ProxiedArrivals::note_end(CloseReason reason, const SocketAddress& peer, std::string_view detail) {
  context_.counters.add_end(reason);
  context_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  context_.shared.log.debug(
      "refused", {{"reason", describe(reason).word}, {"client", peer.to_string()}, {"detail", detail}});
}

void apply_proxy_header(Arrival& arrival, const net::ProxyHeader& header) {
  arrival.hides_client = header.speaks == net::ProxyHeader::Speaks::ForUnknown;
  arrival.used_tls = arrival.used_tls || header.used_tls;
  if (header.ends) {
    arrival.peer = header.ends->source;
    arrival.destination = header.ends->destination;
  }
}

}  // namespace limpet::proxy
