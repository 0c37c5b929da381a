// TlsSealer: the sending half of a TLS 1.3 connection whose records somebody below us makes (RFC 8446 5):
// plain bytes go in. What reads stays where it was. Owned beside the Stream that gave it, which it must not
// outlive. One thread.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "net/io_result.h"
#include "net/tls_content.h"

namespace limpet::net {

class TlsKeys;

class TlsSealer {
 public:
  TlsSealer() = default;
  virtual ~TlsSealer() = default;
  TlsSealer(const TlsSealer&) = delete;
  TlsSealer& operator=(const TlsSealer&) = delete;

  // Application data, as Stream::write(). What was taken may wait for room: see passed().
  [[nodiscard]] virtual IoResult write(std::span<const iovec> parts) noexcept = 0;
  // One record of another type. Done: it was taken whole.
  [[nodiscard]] virtual IoResult write_record(TlsContent type,
                                              std::span<const std::uint8_t> content) noexcept = 0;
  // What is written from now on is sealed with these. False: it is not, and the connection must end.
  [[nodiscard]] virtual bool change_keys(const TlsKeys& keys) noexcept = 0;
  // Whether something that was taken waits outside the connection, where a FIN would cut it.
  enum class Passed : std::uint8_t { All, NotAll, Broken };
  [[nodiscard]] virtual Passed passed() noexcept = 0;
};

}  // namespace limpet::net
