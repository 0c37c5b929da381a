// What a player of scripts looks up behind a case: what the process holds, what a worker has counted, and
// whether an answer is one that limpet makes itself. Test thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/close_reason.h"
#include "base/counters.h"

namespace limpet::test {

// Of this process.
[[nodiscard]] std::size_t open_descriptors();

// How often each reason ended something, by its word; reasons that never did are not there.
using Ends = std::map<std::string_view, std::uint64_t>;
[[nodiscard]] Ends ends_of(const Counters& counters);
[[nodiscard]] std::string text_of(const Ends& ends);

// True when `text` is the one whole answer for this reason, which says that the connection ends.
[[nodiscard]] bool is_own_answer(std::string_view text, CloseReason reason, bool to_head_request);

}  // namespace limpet::test
