// What can only be judged when everything has been read: names that refer to each other, things given twice,
// and files that keys name. Control thread.
#pragma once

#include <optional>
#include <string_view>

#include "settings/report.h"
#include "settings/settings.h"

namespace limpet::settings {

// Pure. Reports contradictions between keys that are each right by themselves; keys the report has no note of
// had their own problem and are passed over. Settles Listener::pool where the file leaves it out.
void check(Settings& settings, Report& report);
// What its tls section lacks: a certificate of ours goes with its key, and who is verified has a name.
[[nodiscard]] std::optional<std::string_view> tls_fault(const Backend& backend);
// Looks at the token file of the admin endpoint. The key file of the cookie is not looked at: it is made by
// the first start.
void check_files(const Settings& settings, Report& report);

}  // namespace limpet::settings
