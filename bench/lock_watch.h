// Lock watch: how long a thread holds mutexes. Linking lock_watch.cc puts itself in front of
// pthread_mutex_lock and pthread_mutex_unlock. Times are CPU times of the holder: what it was preempted for
// does not count. One thread watches itself.
#pragma once

#include <chrono>

namespace limpet::bench {

// From here on this thread's locks are timed, with `longest` back at zero.
void watch_locks() noexcept;
// Ends it. The longest time for which a mutex was held since; reading the clock adds a few hundred ns to it.
[[nodiscard]] std::chrono::nanoseconds longest_lock() noexcept;

// CPU time of the calling thread.
[[nodiscard]] std::chrono::nanoseconds thread_time() noexcept;

}  // namespace limpet::bench
