// The system calls of the preloaded library: each counts and goes on to the one of libc. All are declared as
// functions of words: on 64-bit Linux that is what their arguments are in registers, whatever their types and
// even behind "...".
#include <dlfcn.h>

#include "tests/cost/preload.h"

namespace {

using Word = long;
using Call = Word (*)(Word, Word, Word, Word, Word, Word, Word);

Call find(const char* name) noexcept {
  return reinterpret_cast<Call>(dlsym(RTLD_NEXT, name));
}

// A thread that waits is between two pieces of work. Who is told that it waits sees all that it has counted.
struct Waiting {
  Waiting() noexcept { limpet::cost::counts().waiting.fetch_add(1, std::memory_order_release); }
  ~Waiting() { limpet::cost::counts().waiting.fetch_sub(1, std::memory_order_release); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
};

}  // namespace

// A name of its own in C++, where the system's headers declare that of libc with types (an extension of the
// language, which both compilers know). The seventh word is for syscall(2), which takes the number of the
// call in front of its six.
#define LIMPET_STANDS_FOR(name)                                                                 \
  extern "C" [[gnu::visibility("default")]] Word own_##name(Word, Word, Word, Word, Word, Word, \
                                                            Word) __asm__(#name);               \
  Word own_##name(Word a, Word b, Word c, Word d, Word e, Word f, Word g)

#define LIMPET_COUNTING(name)                         \
  LIMPET_STANDS_FOR(name) {                           \
    static const Call next = find(#name);             \
    limpet::cost::count(limpet::cost::Counted::name); \
    return next(a, b, c, d, e, f, g);                 \
  }
LIMPET_COUNTED_CALLS(LIMPET_COUNTING)

#define LIMPET_WAITING(name)              \
  LIMPET_STANDS_FOR(name) {               \
    static const Call next = find(#name); \
    const Waiting waiting;                \
    return next(a, b, c, d, e, f, g);     \
  }
LIMPET_WAITING(epoll_wait)
LIMPET_WAITING(epoll_pwait)
