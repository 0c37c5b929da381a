// LIMPET_ASSERT: states an invariant of our own. Bytes from the network must never be able to trip one.
// On in debug builds; in release builds the condition is not evaluated.
#pragma once

namespace limpet {

[[noreturn]] void assertion_failed(const char* condition, const char* rule, const char* file, int line);

}  // namespace limpet

#if defined(LIMPET_CHECKS)
#define LIMPET_ASSERT(condition, rule) \
  ((condition) ? static_cast<void>(0) : ::limpet::assertion_failed(#condition, rule, __FILE__, __LINE__))
#else
#define LIMPET_ASSERT(condition, rule) static_cast<void>(sizeof((condition) ? 1 : 0))
#endif
