// Json: answers of the admin endpoint as the command line reads them. Whoever answers may be another version:
// nothing is taken for granted, and what is absent or of another type reads as nothing. Pure. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace limpet::console {

using Json = nlohmann::ordered_json;

// null when there is none.
[[nodiscard]] const Json& field(const Json& object, std::string_view name);
// The array of that name; empty when it is none.
[[nodiscard]] const Json& list(const Json& object, std::string_view name);
// 0 when it is none.
[[nodiscard]] double number(const Json& object, std::string_view name);
// Empty when it is none.
[[nodiscard]] std::string text(const Json& object, std::string_view name);
// False when it is none.
[[nodiscard]] bool is_true(const Json& object, std::string_view name);

}  // namespace limpet::console
