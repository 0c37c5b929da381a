// What is known of the TLS on a stream: why it failed, who the peer is. Plain values, nothing of the library.
// Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace limpet::net {

// Why a handshake, or what came behind it, failed. One row of the table in tls_facts.cc each.
enum class TlsFault : std::uint8_t {
  None,
  PlainText,             // a request in plain text on a port that speaks TLS
  NotTls,                // bytes that are no TLS record, or are damaged
  NoSharedVersion,       // the peer speaks none of our versions
  NoSharedCipher,        // nor one of our ciphers, groups or signatures
  NoSharedProtocol,      // ALPN without http/1.1
  CertificateMissing,    // the client has none, and one is asked for
  CertificateExpired,    // or is not valid yet
  CertificateUnknownCa,  // nobody we trust has signed it
  CertificateWrongName,  // it is another host's
  CertificateBad,        // anything else that is wrong with it
  PeerRefused,           // the peer sent an alert
  EarlyClose,            // the peer closed in the middle of the handshake
  Timeout,               // the handshake took too long
  Other,
  kCount,
};

inline constexpr std::size_t kTlsFaultCount = static_cast<std::size_t>(TlsFault::kCount);

// One word for metrics and logs: "plain_text", "no_shared_version".
[[nodiscard]] std::string_view word(TlsFault fault) noexcept;
// One line for a person.
[[nodiscard]] std::string_view phrase(TlsFault fault) noexcept;

struct TlsFacts {
  TlsFault fault = TlsFault::None;
  std::string detail;          // of the fault; a short sentence without a full stop
  std::string client_subject;  // of the client's certificate (RFC 4514); empty when none was asked for
};

// The fault as a sentence: "TLS: the peer's certificate is for another name (hostname mismatch)".
[[nodiscard]] std::string describe(const TlsFacts& facts);

// Of all connections of one side of the process, whatever is reloaded. Relaxed counters. Any thread.
struct TlsCounts {
  std::atomic<std::uint64_t> handshakes{0};   // completed
  std::atomic<std::uint64_t> resumed{0};      // of those, without a certificate being sent
  std::atomic<std::uint64_t> handed_over{0};  // of those, sealed by the kernel from some point on
  std::array<std::atomic<std::uint64_t>, kTlsFaultCount> faults{};

  void add(TlsFault fault) noexcept {
    faults[static_cast<std::size_t>(fault)].fetch_add(1, std::memory_order_relaxed);
  }
};

}  // namespace limpet::net
