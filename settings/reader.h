// From the tree of a document to Settings, by the rows of the schema. Pure. Any thread.
#pragma once

#include "settings/expand.h"
#include "settings/report.h"
#include "settings/settings.h"
#include "settings/yaml.h"

namespace limpet::settings {

// Puts everything that is wrong by itself into the report: unknown, missing and repeated keys, wrong types
// and values. Notes every value read. The answer is complete only if the report has no problems; a list item
// with a problem still takes its place, so that the index in a key is the index in the answer.
[[nodiscard]] Settings read_settings(const YamlNode& root, const Variables& variables, Report& report);

}  // namespace limpet::settings
