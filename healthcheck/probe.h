// Probe: one probe of one backend over a connection of its own: connect, then the dialogue of its kind, all
// within the timeout. Owned by a Watch, which buries it when it is done. Control thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "base/proxy_version.h"
#include "healthcheck/dialogue.h"
#include "net/deadlines.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "net/tls_client.h"
#include "net/uv_loop.h"
#include "settings/settings.h"

namespace limpet::healthcheck {

struct ProbeResult {
  enum class Outcome : std::uint8_t {
    Good,
    Bad,
    NotRun,  // limpet itself was short of something: says nothing about the backend
  };

  Outcome outcome = Outcome::NotRun;
  std::string detail;
  Duration took{};
};

class ProbeOwner {
 public:
  // Called exactly once unless the probe is cancelled, possibly from within start(). The probe is on the
  // stack: bury it.
  virtual void on_probe_done(const ProbeResult& result) = 0;

 protected:
  ~ProbeOwner() = default;
};

class Probe final : public net::Disposable, public net::StreamEvents, public net::DeadlineOwner {
 public:
  Probe(net::UvLoop& loop, ProbeOwner& owner) noexcept : loop_(loop), owner_(owner) {}
  ~Probe() override { cancel(); }

  // `endpoint` is what a request names as its host; with `send_proxy` the connection begins with a PROXY
  // header that says that it is limpet's own; `tls` null = in plain TCP.
  void start(const SocketAddress& address, const Endpoint& endpoint, const settings::Health& rule,
             ProxyVersion send_proxy = ProxyVersion::Off, net::TlsClientPtr tls = nullptr);
  // The connection is closed and nothing is reported any more.
  void cancel() noexcept;

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_deadline() override;

 private:
  // Most bytes of one read; bounds what a dialogue keeps.
  static constexpr std::size_t kReadBytes = std::size_t{16} * 1024;

  void on_reached();
  void on_connected();
  // False when the stream is broken; the probe is then done.
  [[nodiscard]] bool send(std::string_view bytes);
  void take_step(const DialogueStep& step);
  void fail(const Error& error);
  void finish(ProbeResult::Outcome outcome, std::string detail);

  net::UvLoop& loop_;
  ProbeOwner& owner_;
  net::Deadline deadline_{*this};
  net::StreamPtr stream_;  // null before start() and when done
  net::Outbox out_;
  std::unique_ptr<Dialogue> dialogue_;  // null when connecting is all
  Instant started_{};
  Duration timeout_{};
  ProxyVersion send_proxy_ = ProxyVersion::Off;
  net::TlsClientPtr tls_;  // null in plain TCP, and once the handshake has begun
  bool connected_ = false;
};

}  // namespace limpet::healthcheck
