// Changes of the configuration that an operator makes without a file: what would run then, judged as the file
// is. Pure. Any thread.
#pragma once

#include <string>

#include "admin/source.h"
#include "settings/settings.h"

namespace limpet::app {

// What would run, and whom it is about.
struct RunTimeChange {
  settings::Settings next;
  std::string pool;
  std::string backend;
};

// A refusal names the key that is wrong: 400, 404 for a pool or backend that is not there, 409 for a name
// that is taken or a backend that is the last of its pool.
[[nodiscard]] admin::OrRefusal<RunTimeChange> with_backend(const settings::Settings& running,
                                                           const admin::NewBackend& backend);
[[nodiscard]] admin::OrRefusal<RunTimeChange> without_backend(const settings::Settings& running,
                                                              const admin::BackendChoice& choice);
[[nodiscard]] admin::OrRefusal<RunTimeChange> with_weight(const settings::Settings& running,
                                                          const admin::BackendChoice& choice,
                                                          const std::string& weight);

}  // namespace limpet::app
