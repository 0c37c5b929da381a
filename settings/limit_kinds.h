// The kinds of value that bound what one client may do: how often, and from whose pages. Pure. Any thread.
#pragma once

#include "base/origin.h"
#include "settings/settings.h"
#include "settings/values.h"

namespace limpet::settings {

// "50/s", "300/m", "1000/h"; 0 of them is no limit.
[[nodiscard]] ValueType<Rate> rate_up_to(std::uint32_t most);
[[nodiscard]] ValueType<OriginPattern> origin_pattern();

}  // namespace limpet::settings
