// What can only be judged when everything has been read: names that refer to each other, and things given
// twice. Pure. Any thread.
#pragma once

#include "settings/report.h"
#include "settings/settings.h"

namespace limpet::settings {

// Reports contradictions between keys that are each right by themselves; keys the report has no note of had
// their own problem and are passed over. Settles Listener::pool where the file leaves it out.
void check(Settings& settings, Report& report);

}  // namespace limpet::settings
