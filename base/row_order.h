// rows_are_in_order(): for a static_assert beside a table that is indexed by an enumeration. Any thread.
#pragma once

#include <cstddef>

namespace limpet {

// Whether row i is that of value i.
template <typename Rows, typename Member>
[[nodiscard]] consteval bool rows_are_in_order(const Rows& rows, Member member) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].*member) != i) {
      return false;
    }
  }
  return true;
}

}  // namespace limpet
