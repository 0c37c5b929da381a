// What the program's exit codes mean.
#pragma once

namespace limpet::app {

inline constexpr int kFine = 0;
inline constexpr int kBadConfiguration = 1;
inline constexpr int kBadUsage = 2;
inline constexpr int kCannotStart = 3;

}  // namespace limpet::app
