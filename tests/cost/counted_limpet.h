// CountedLimpet: the real binary with one worker and one backend, and how often it has called the system and
// the allocator. Test thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/address.h"
#include "net/fd.h"
#include "tests/cost/counts.h"

namespace limpet::test {

// How often each was called.
using CallCounts = std::array<std::uint64_t, cost::kCounted>;

class CountedLimpet {
 public:
  // Requires that a backend listens there. Fails the test when limpet does not come up.
  explicit CountedLimpet(const SocketAddress& backend);
  ~CountedLimpet();
  CountedLimpet(const CountedLimpet&) = delete;
  CountedLimpet& operator=(const CountedLimpet&) = delete;

  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  // Since it began. Waits until it has done all it had to do: call when nothing is on its way to it.
  [[nodiscard]] CallCounts calls_so_far() const;

 private:
  void write_configuration(const SocketAddress& backend) const;
  void map_counts();
  void start();
  void learn_address();
  void wait_until_idle() const;

  // Ended with its owner, whose constructor may not come to its end.
  struct Process {
    Process() = default;
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    pid_t id = -1;
  };

  std::filesystem::path folder_;
  cost::Counts* counts_ = nullptr;  // in a file of that folder
  Process process_;
  net::Fd log_;
  SocketAddress address_;
};

}  // namespace limpet::test
