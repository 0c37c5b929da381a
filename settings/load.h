// Loading a configuration file: every mistake is reported at once with its place and remedy; nothing is half
// applied. Control thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "settings/places.h"
#include "settings/problem.h"
#include "settings/settings.h"

namespace limpet::settings {

using Loaded = std::variant<Settings, Problems>;

// A file that is right, and where its keys stand.
struct LoadedFile {
  Settings settings;
  Places places;
};

// Reads, expands ${NAME} and ${NAME:-default}, checks everything. Names are not resolved; of other files only
// the admin token file is looked at.
[[nodiscard]] Loaded load_file(const std::string& path);
// The same, for whoever has more to say of the file.
[[nodiscard]] std::variant<LoadedFile, Problems> load_file_with_places(const std::string& path);
// The same for text, without a look at any file; `name` stands for the file in problems.
[[nodiscard]] Loaded load_text(std::string_view text, const std::string& name);

// The effective configuration as YAML that loads to an equal Settings (limpet check --print).
[[nodiscard]] std::string print(const Settings& settings);

}  // namespace limpet::settings
