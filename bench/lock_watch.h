// Lock watch: how long a thread holds mutexes. Linking lock_watch.cc puts itself in front of
// pthread_mutex_lock and pthread_mutex_unlock. Times are CPU times of the holder: what it was preempted for
// does not count. One thread watches itself.
#pragma once

#include <chrono>

#include "bench/histogram.h"

namespace limpet::bench {

// From here on this thread's locks are timed, into an empty histogram.
void watch_locks() noexcept;
// Ends it. For how long mutexes were held since; reading the clock adds a few hundred ns to each.
[[nodiscard]] const Histogram& lock_times() noexcept;

// CPU time of the calling thread.
[[nodiscard]] std::chrono::nanoseconds thread_time() noexcept;

}  // namespace limpet::bench
