// Environment variables in values: ${NAME} and ${NAME:-default}. $${ stands for a plain ${. Pure. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace limpet::settings {

// Where variables come from; none = not set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// The variables of this process.
[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

// As in a shell, the default also serves when the variable is empty. What a variable contains is not expanded
// again. Fails for a variable that is not set and has no default, and for a ${ that is neither form.
[[nodiscard]] Result<std::string> expand(std::string_view text, const Variables& variables);
// The text that expand() turns back into `text`.
[[nodiscard]] std::string escape_expansions(std::string_view text);

}  // namespace limpet::settings
