// How values of an answer are shown to people. Pure. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "console/json.h"

namespace limpet::console {

inline constexpr std::string_view kAbsent = "-";

// As it is, printable; "-" for null.
[[nodiscard]] std::string show(const Json& value);
[[nodiscard]] std::string show(const Json& row, std::string_view name);
// "17s", "2m5s", "3h2m", "4d1h"; "-" for what is no number.
[[nodiscard]] std::string show_seconds(const Json& value);
[[nodiscard]] std::string show_seconds(double seconds);
// "17", "1.5k", "2.0M": four characters at most, up to the thousands of millions.
[[nodiscard]] std::string show_short(double number);
// "b1 of pool chat"; a name alone where the pool is the only one.
[[nodiscard]] std::string show_backend(const Json& backend, bool is_only_pool);
// "1 session", "2 sessions".
[[nodiscard]] std::string plural(double count, std::string_view thing);

}  // namespace limpet::console
