// Kernel TLS: what this kernel does of TLS 1.3 (Linux, CONFIG_TLS), found by trying it, and whether that is
// used. Sealing alone is asked for: what comes is opened by TlsRecords.
//
// A kernel that takes a second key is wanted (Linux 6.14): a client may ask for a new one at any time, which
// must be answered (RFC 8446 4.6.3), and a connection that was handed over is never taken back.
#pragma once

#include <array>
#include <bitset>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "net/tls_keys.h"

namespace limpet::net {

// What the kernel answered to each question: an errno, 0 = it does that.
struct KernelTlsTrial {
  int attach = ENOENT;                          // TCP_ULP "tls": the kernel has TLS at all
  std::array<int, kTlsSuiteCount> seal{};       // TLS_TX, by suite
  std::array<int, kTlsSuiteCount> seal_next{};  // and once more on the same connection
};

// Asks, over connections of its own to a port of the loopback: a millisecond, at most 0.2 s.
// Where nothing can be asked the answer is that errno.
[[nodiscard]] KernelTlsTrial try_kernel_tls() noexcept;

// Whether a listener's connections are sealed by the kernel, in one word for status.
enum class KernelTlsUse : std::uint8_t { Used, Off, NotOffered, NoKeyChange };
[[nodiscard]] std::string_view word(KernelTlsUse use) noexcept;

class KernelTls {
 public:
  KernelTls() = default;  // of a kernel that does nothing
  explicit KernelTls(const KernelTlsTrial& trial) noexcept;

  [[nodiscard]] bool seals(TlsSuite suite) const noexcept {
    return suites_.test(static_cast<std::size_t>(suite));
  }
  [[nodiscard]] KernelTlsUse use(bool is_allowed) const noexcept;

 private:
  std::bitset<kTlsSuiteCount> suites_;  // sealed, with keys that can be changed
  bool is_offered_ = false;
};

}  // namespace limpet::net
