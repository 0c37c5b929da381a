// Counts: what a process has asked of the system and of the allocator so far, in a file that both it and the
// test map. Written by the preloaded library (preload_*.cc), read by CountedLimpet. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace limpet::cost {

// Every call that limpet, libuv or libcrypto may make while they serve. A call that is missing here is not
// counted: compare with `strace -f -c` when another way to talk to the system comes in. Left out are those
// whose number depends on the time that passes (waiting) and those that never reach the kernel
// (clock_gettime).
#define LIMPET_COUNTED_CALLS(                                                             \
    CALL) /* a list for both sides; nothing shorter makes functions of a list of names */ \
  CALL(accept)                                                                            \
  CALL(accept4)                                                                           \
  CALL(bind)                                                                              \
  CALL(close)                                                                             \
  CALL(connect)                                                                           \
  CALL(epoll_ctl)                                                                         \
  CALL(eventfd)                                                                           \
  CALL(fcntl)                                                                             \
  CALL(fcntl64)                                                                           \
  CALL(getpeername)                                                                       \
  CALL(getpid)                                                                            \
  CALL(getrandom)                                                                         \
  CALL(getsockname)                                                                       \
  CALL(getsockopt)                                                                        \
  CALL(ioctl)                                                                             \
  CALL(madvise)                                                                           \
  CALL(mmap)                                                                              \
  CALL(munmap)                                                                            \
  CALL(open)                                                                              \
  CALL(open64)                                                                            \
  CALL(pipe2)                                                                             \
  CALL(poll)                                                                              \
  CALL(read)                                                                              \
  CALL(readv)                                                                             \
  CALL(recv)                                                                              \
  CALL(recvfrom)                                                                          \
  CALL(recvmmsg)                                                                          \
  CALL(recvmsg)                                                                           \
  CALL(send)                                                                              \
  CALL(sendfile)                                                                          \
  CALL(sendmmsg)                                                                          \
  CALL(sendmsg)                                                                           \
  CALL(sendto)                                                                            \
  CALL(setsockopt)                                                                        \
  CALL(shutdown)                                                                          \
  CALL(socket)                                                                            \
  CALL(splice)                                                                            \
  CALL(syscall)                                                                           \
  CALL(timerfd_settime)                                                                   \
  CALL(write)                                                                             \
  CALL(writev)

#define LIMPET_COUNTED_ENUMERATOR(name) name,
// Enumerators are named as what they count; `allocations` are malloc and its like, so operator new too.
enum class Counted : std::size_t { LIMPET_COUNTED_CALLS(LIMPET_COUNTED_ENUMERATOR) allocations };
#undef LIMPET_COUNTED_ENUMERATOR

inline constexpr std::size_t kCounted = static_cast<std::size_t>(Counted::allocations) + 1;

struct Counts {
  std::array<std::atomic<std::uint64_t>, kCounted> made;
  std::atomic<std::uint64_t> waiting;  // threads that are inside epoll_wait
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "two processes share them");

// The environment variable that names the file.
inline constexpr const char* kCountsVariable = "LIMPET_COST_COUNTS";

}  // namespace limpet::cost
