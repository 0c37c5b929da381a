// The lists of `limpet top` as aligned lines of text; the first is the heading. Pure. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console/top_model.h"

namespace limpet::console {

// `count` of them from `from` on.
[[nodiscard]] std::vector<std::string> backend_list(const std::vector<const TopBackend*>& backends,
                                                    std::size_t from, std::size_t count);
// The first `count`.
[[nodiscard]] std::vector<std::string> session_list(const std::vector<const TopSession*>& sessions,
                                                    std::size_t count);

}  // namespace limpet::console
