// Why a call of the admin endpoint is not answered. Any thread.
#pragma once

#include <string>
#include <variant>

namespace limpet::admin {

// Becomes {"error": word, "detail": detail} with that status. Not an Error, whose codes are fewer than the
// words that this contract has.
struct Refusal {
  int status = 400;
  std::string word;
  std::string detail;  // a sentence without a full stop
};

template <typename T>
using OrRefusal = std::variant<T, Refusal>;

}  // namespace limpet::admin
