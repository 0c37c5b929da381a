// The page that a demo backend shows in a browser.
#pragma once

#include <string>
#include <string_view>

namespace limpet::app {

[[nodiscard]] std::string demo_page(std::string_view backend_name);

}  // namespace limpet::app
