// What the admin endpoint tells and changes of the configuration. Declared in admin_source.h.
#include <algorithm>

#include "app/admin_source.h"
#include "app/reload.h"
#include "app/run_time_changes.h"
#include "app/server.h"

namespace limpet::app {

admin::ConfigurationInfo AdminSource::configuration() const {
  const Configuration& configuration = server_.configuration();
  return {.file = configuration.file(),
          .generation = configuration.generation(),
          .loaded_at = configuration.loaded_at(),
          .by = word(configuration.author())};
}

admin::OrRefusal<admin::ReloadReport> AdminSource::reload(bool plan) {
  return plan ? plan_reload(server_) : reload_file(server_, Author::Api);
}

admin::OrRefusal<admin::BackendInfo> AdminSource::run_time_change(admin::OrRefusal<RunTimeChange> change) {
  if (auto* const refusal = std::get_if<admin::Refusal>(&change)) {
    return std::move(*refusal);
  }
  if (server_.is_stopping()) {
    return admin::Refusal{409, "stopping", "limpet is stopping"};
  }
  auto& [next, pool, backend] = std::get<RunTimeChange>(change);
  if (auto refusal = change_run_time(server_, std::move(next))) {
    return std::move(*refusal);
  }
  for (admin::BackendInfo& info : backends()) {
    if (info.pool == pool && info.name == backend) {
      return std::move(info);
    }
  }
  return admin::Refusal{404, "backend", "the backend \"" + backend + "\" is gone"};
}

admin::OrRefusal<admin::BackendInfo> AdminSource::add_backend(const admin::NewBackend& backend) {
  return run_time_change(with_backend(server_.settings(), backend));
}

admin::OrRefusal<admin::BackendInfo> AdminSource::remove_backend(const admin::BackendChoice& choice) {
  return run_time_change(without_backend(server_.settings(), choice));
}

admin::OrRefusal<admin::BackendInfo> AdminSource::set_weight(const admin::BackendChoice& choice,
                                                             const std::string& weight) {
  return run_time_change(with_weight(server_.settings(), choice, weight));
}

}  // namespace limpet::app
