#include "app/run_time_changes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "settings/find_named.h"
#include "settings/one_backend.h"

namespace limpet::app {

namespace {

using admin::OrRefusal;
using admin::Refusal;

constexpr const char* kDefaultPool = "default";

Refusal refusal_of(const std::vector<settings::KeyFault>& faults) {
  std::string detail;
  for (const settings::KeyFault& fault : faults) {
    detail += (detail.empty() ? "" : "; ") + fault.key + ": " + fault.message;
  }
  return {400, faults.front().key, std::move(detail)};
}

// The pool that is meant by a name, or by none.
OrRefusal<std::string> choose_pool(const settings::Settings& running, const std::string& name) {
  if (!name.empty()) {
    return settings::find_named(running.pools, name) != nullptr
               ? OrRefusal<std::string>(std::in_place_index<0>, name)
               : Refusal{404, "pool", "there is no pool named \"" + name + "\""};
  }
  if (running.pools.size() == 1) {
    return OrRefusal<std::string>(std::in_place_index<0>, running.pools.front().name);
  }
  return settings::find_named(running.pools, kDefaultPool) != nullptr
             ? OrRefusal<std::string>(std::in_place_index<0>, kDefaultPool)
             : Refusal{400, "pool", "there are several pools: say which one with pool"};
}

struct Located {
  std::string pool;
  settings::Backend backend;
};

OrRefusal<Located> find(const settings::Settings& running, const admin::BackendChoice& choice) {
  std::vector<Located> found;
  for (const settings::Pool& pool : running.pools) {
    const settings::Backend* const backend = settings::find_named(pool.backends, choice.name);
    if (backend != nullptr && (choice.pool.empty() || choice.pool == pool.name)) {
      found.push_back({pool.name, *backend});
    }
  }
  if (found.size() > 1) {
    return Refusal{400, "pool", "several pools have a backend of that name: say which one with pool"};
  }
  if (found.empty()) {
    return Refusal{404, "backend", "there is no backend named \"" + choice.name + "\""};
  }
  return std::move(found.front());
}

}  // namespace

OrRefusal<RunTimeChange> with_backend(const settings::Settings& running, const admin::NewBackend& backend) {
  const auto chosen = choose_pool(running, backend.pool);
  if (const auto* const refusal = std::get_if<Refusal>(&chosen)) {
    return *refusal;
  }
  auto read = settings::read_backend(backend.values);
  if (const auto* const faults = std::get_if<std::vector<settings::KeyFault>>(&read)) {
    return refusal_of(*faults);
  }
  auto& added = std::get<settings::Backend>(read);
  const std::string& pool = std::get<std::string>(chosen);
  RunTimeChange change{.next = running, .pool = pool, .backend = added.name};
  settings::Pool& members = *settings::find_named(change.next.pools, pool);
  if (settings::find_named(members.backends, added.name) != nullptr) {
    return Refusal{409, "name",
                   "the pool \"" + pool + "\" has a backend named \"" + added.name + "\" already"};
  }
  members.backends.push_back(std::move(added));
  return change;
}

OrRefusal<RunTimeChange> without_backend(const settings::Settings& running,
                                         const admin::BackendChoice& choice) {
  const auto located = find(running, choice);
  if (const auto* const refusal = std::get_if<Refusal>(&located)) {
    return *refusal;
  }
  const auto& [pool, backend] = std::get<Located>(located);
  RunTimeChange change{.next = running, .pool = pool, .backend = backend.name};
  auto& members = settings::find_named(change.next.pools, pool)->backends;
  if (members.size() == 1) {
    return Refusal{409, "backend",
                   "it is the last backend of the pool \"" + pool + "\": add another first, or drain it"};
  }
  std::erase_if(members, [&](const settings::Backend& member) { return member.name == choice.name; });
  return change;
}

OrRefusal<RunTimeChange> with_weight(const settings::Settings& running, const admin::BackendChoice& choice,
                                     const std::string& weight) {
  const auto located = find(running, choice);
  if (const auto* const refusal = std::get_if<Refusal>(&located)) {
    return *refusal;
  }
  const auto& [pool, backend] = std::get<Located>(located);
  auto read = settings::read_backend({{"weight", weight}}, backend);
  if (const auto* const faults = std::get_if<std::vector<settings::KeyFault>>(&read)) {
    return refusal_of(*faults);
  }
  RunTimeChange change{.next = running, .pool = pool, .backend = backend.name};
  auto& members = settings::find_named(change.next.pools, pool)->backends;
  *settings::find_named(members, choice.name) = std::get<settings::Backend>(read);
  return change;
}

}  // namespace limpet::app
