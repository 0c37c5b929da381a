#include "net/kernel_tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>

#include "net/fd.h"
#include "net/kernel_sealer.h"

namespace limpet::net {

namespace {

// A port of the loopback that only this process knows of, for as long as this lives.
class Nook {
 public:
  // 0 or an errno.
  [[nodiscard]] int open() noexcept {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    const bool is_open = listener_.valid() && ::bind(listener_.get(), address, size) == 0 &&
                         ::listen(listener_.get(), kTlsSuiteCount) == 0 &&
                         ::getsockname(listener_.get(), address, &size) == 0;
    return is_open ? 0 : errno;
  }
  // Connected, though nobody accepts it; not valid = errno says why.
  [[nodiscard]] Fd connect() const noexcept {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 0, .tv_usec = kPatienceMicroseconds};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const auto* const address = reinterpret_cast<const sockaddr*>(&address_);
    if (fd.valid() && ::connect(fd.get(), address, sizeof(address_)) != 0) {
      fd.reset();
    }
    return fd;
  }

 private:
  static constexpr int kPatienceMicroseconds = 200'000;  // a firewall may swallow what is sent

  Fd listener_;
  sockaddr_in address_{};
};

struct UseRow {
  KernelTlsUse use;
  std::string_view word;
};

constexpr std::array<UseRow, 4> kUses{{{KernelTlsUse::Used, "used"},
                                       {KernelTlsUse::Off, "off"},
                                       {KernelTlsUse::NotOffered, "not_offered"},
                                       {KernelTlsUse::NoKeyChange, "no_key_change"}}};

}  // namespace

std::string_view word(KernelTlsUse use) noexcept {
  return std::ranges::find(kUses, use, &UseRow::use)->word;
}

KernelTlsTrial try_kernel_tls() noexcept {
  KernelTlsTrial trial;
  Nook nook;
  trial.attach = nook.open();
  for (std::size_t i = 0; i < kTlsSuiteCount && trial.attach == 0; ++i) {
    const auto suite = static_cast<TlsSuite>(i);
    constexpr std::array<std::uint8_t, TlsKeys::kMostSecretBytes> kSecret{};
    TlsKeys keys;
    const Fd fd = nook.connect();
    const bool is_ready =
        fd.valid() && keys.begin(suite, std::span(kSecret).first(facts_of(suite).secret_bytes), 0);
    trial.attach = is_ready ? attach_kernel_tls(fd.get()) : errno;
    trial.seal[i] = trial.attach == 0 ? set_kernel_keys(fd.get(), keys) : trial.attach;
    const bool has_next = trial.seal[i] == 0 && keys.go_on();
    trial.seal_next[i] = has_next ? set_kernel_keys(fd.get(), keys) : trial.seal[i];
  }
  return trial;
}

KernelTls::KernelTls(const KernelTlsTrial& trial) noexcept {
  for (std::size_t i = 0; i < kTlsSuiteCount && trial.attach == 0; ++i) {
    is_offered_ |= trial.seal[i] == 0;
    suites_.set(i, trial.seal[i] == 0 && trial.seal_next[i] == 0);
  }
}

KernelTlsUse KernelTls::use(bool is_allowed) const noexcept {
  if (!is_allowed) {
    return KernelTlsUse::Off;
  }
  return suites_.any() ? KernelTlsUse::Used
         : is_offered_ ? KernelTlsUse::NoKeyChange
                       : KernelTlsUse::NotOffered;
}

}  // namespace limpet::net
