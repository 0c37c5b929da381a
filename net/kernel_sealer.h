// KernelSealer: records of TLS 1.3 made by the kernel on a connected TCP socket (Linux, CONFIG_TLS). One
// thread.
#pragma once

#include <cstdint>
#include <memory>

#include "net/tls_keys.h"
#include "net/tls_sealer.h"

namespace limpet::net {

// The two steps of a hand-over: 0, or an errno. Behind the first alone a socket is as it was before.
[[nodiscard]] int attach_kernel_tls(int fd) noexcept;
[[nodiscard]] int set_kernel_keys(int fd, const TlsKeys& keys) noexcept;

class SocketStream;

class KernelSealer final : public TlsSealer {
 public:
  // `fd` is that of the socket. Null: the kernel does not, or not now.
  [[nodiscard]] static std::unique_ptr<KernelSealer> begin(SocketStream& socket, int fd,
                                                           const TlsKeys& keys) noexcept;

  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] IoResult write_record(TlsContent type,
                                      std::span<const std::uint8_t> content) noexcept override;
  [[nodiscard]] bool change_keys(const TlsKeys& keys) noexcept override;
  [[nodiscard]] Passed passed() noexcept override;

 private:
  KernelSealer(SocketStream& socket, int fd, const TlsKeys& keys, std::uint64_t passed_before) noexcept;

  SocketStream& socket_;
  int fd_;  // of it
  TlsSuite suite_;
  std::uint64_t first_record_;   // the number that the kernel began with, of the present key
  std::uint64_t records_ = 0;    // of the kernel, with keys that are over
  std::uint64_t content_ = 0;    // bytes in all of its records
  std::uint64_t passed_before_;  // bytes of the connection before it was handed over
};

}  // namespace limpet::net
