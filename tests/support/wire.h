// Blocking sockets for tests that script both ends of a connection byte by byte. Every wait has a deadline; a
// wait that runs out fails the test. Test thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "net/fd.h"

namespace limpet::test {

inline constexpr std::chrono::seconds kPatience{10};

// How a connection ended.
enum class WireEnd { Fin, Reset, StillOpen };

class Wire {
 public:
  explicit Wire(net::Fd fd);
  // `receive_buffer` in bytes: a fixed window for clients that read slowly; 0 = the system's choice.
  [[nodiscard]] static Wire connect(const SocketAddress& address, int receive_buffer = 0);

  void send(std::string_view bytes);
  // Reads exactly so many bytes; fails the test when the connection ends or the patience does.
  [[nodiscard]] std::string read(std::size_t bytes);
  // Reads exactly these bytes, without allocating; fails the test when others come. At most 64 KiB.
  void expect(std::string_view bytes);
  // Reads through the first blank line.
  [[nodiscard]] std::string read_head();
  // Reads until the peer ends; `how` tells how it did.
  [[nodiscard]] std::string read_to_end(WireEnd* how = nullptr);
  // True when nothing arrives for a moment: for claims that something does NOT happen.
  [[nodiscard]] bool stays_silent(std::chrono::milliseconds moment);
  void finish_sending();  // FIN
  void reset();           // RST
  void close() { fd_.reset(); }
  // For players of whole scripts, which must not stop at the first failure.
  [[nodiscard]] int native() const noexcept { return fd_.get(); }

 private:
  // False when the deadline passed.
  [[nodiscard]] bool wait_readable(std::chrono::milliseconds patience) const;
  [[nodiscard]] std::size_t read_some(char* into, std::size_t most, WireEnd& how);

  net::Fd fd_;
  std::string ahead_;  // read, but behind the head that was asked for
};

// A server socket on a free loopback port, or at a Unix path, that the test accepts on by hand.
class WireServer {
 public:
  WireServer();
  explicit WireServer(const SocketAddress& address);
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] Wire accept();
  // True when nobody connects for a moment.
  [[nodiscard]] bool stays_lonely(std::chrono::milliseconds moment);
  void close() { fd_.reset(); }

 private:
  net::Fd fd_;
  SocketAddress address_;
};

}  // namespace limpet::test
