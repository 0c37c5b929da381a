// Why a call of the admin endpoint is not answered. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace limpet::admin {

// Becomes {"error": word, "detail": detail} with that status. Not an Error, whose codes are fewer than the
// words that this contract has.
struct Refusal {
  int status = 400;
  std::string word;
  std::string detail;               // a sentence without a full stop
  std::uint32_t retry_after_s = 0;  // when it may be worth another try; 0 = nobody knows
};

template <typename T>
using OrRefusal = std::variant<T, Refusal>;

}  // namespace limpet::admin
