#include "bench/lock_watch.h"

#include <dlfcn.h>
#include <pthread.h>

#include <ctime>

namespace limpet::bench {

namespace {

struct Watch {
  bool is_on = false;
  std::chrono::nanoseconds locked_at{};
  Histogram times;
};
thread_local Watch watch;

using MutexCall = int (*)(pthread_mutex_t*);

MutexCall next_call(const char* name) noexcept {
  return reinterpret_cast<MutexCall>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void watch_locks() noexcept {
  watch.times = Histogram();
  watch.is_on = true;
}

const Histogram& lock_times() noexcept {
  watch.is_on = false;
  return watch.times;
}

std::chrono::nanoseconds thread_time() noexcept {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace limpet::bench

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static const limpet::bench::MutexCall next = limpet::bench::next_call("pthread_mutex_lock");
  const int result = next(mutex);
  if (limpet::bench::watch.is_on) {
    limpet::bench::watch.locked_at = limpet::bench::thread_time();
  }
  return result;
}

extern "C" int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  static const limpet::bench::MutexCall next = limpet::bench::next_call("pthread_mutex_unlock");
  limpet::bench::Watch& watch = limpet::bench::watch;
  if (watch.is_on) {
    watch.times.add(limpet::bench::thread_time() - watch.locked_at);
  }
  return next(mutex);
}
