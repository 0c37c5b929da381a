#include "app/reload.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "app/server.h"
#include "settings/load.h"

namespace limpet::app {

namespace {

using settings::Change;
using settings::Problems;

std::uint64_t sessions_of(const proxy::Snapshot& snapshot, const settings::ChangeOwner& owner) {
  std::uint64_t sum = 0;
  for (const affinity::PoolView& pool : snapshot.pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      const bool is_meant = (owner.pool.empty() || owner.pool == pool.name) &&
                            (owner.backend.empty() || owner.backend == backend.spec.name);
      sum += is_meant ? backend.state->sessions.load(std::memory_order_relaxed) : 0;
    }
  }
  return sum;
}

std::vector<admin::ChangeInfo> infos_of(const std::vector<Change>& changes, const proxy::Snapshot& snapshot) {
  std::vector<admin::ChangeInfo> infos;
  for (const Change& change : changes) {
    infos.push_back({.change = word(change.kind),
                     .key = change.key,
                     .from = change.from,
                     .to = change.to,
                     .sessions = change.reaches_sessions ? sessions_of(snapshot, change.owner) : 0,
                     .needs_restart = !change.is_reloadable});
  }
  return infos;
}

void add_errors(admin::ReloadReport& report, const Problems& problems) {
  for (const settings::Problem& problem : problems) {
    report.errors.push_back({problem.file, problem.line, problem.column, problem.key, problem.message});
  }
}

// A file as far as it can be judged without changing anything.
struct Draft {
  Configuration::Plan plan;
  PoolBuilder::KeysRead keys;
  TlsContexts tls;
  settings::Places places;
  Problems problems;  // with any of them the rest is not to be used
};

void add_key_faults(Draft& draft) {
  for (const PoolBuilder::KeyFault& fault : std::exchange(draft.keys.faults, {})) {
    constexpr const char* kKey = "affinity.cookie.secret_file";
    draft.problems.push_back(
        draft.places.problem({"pools." + fault.pool + "." + kKey, kKey}, fault.error.detail));
  }
}

Draft read_draft(Server& server) {
  Draft draft;
  auto loaded = settings::load_file_with_places(server.configuration().file());
  if (auto* const problems = std::get_if<Problems>(&loaded)) {
    draft.problems = std::move(*problems);
    return draft;
  }
  auto& file = std::get<settings::LoadedFile>(loaded);
  draft.places = std::move(file.places);
  draft.keys = PoolBuilder::read_keys(file.settings);
  add_key_faults(draft);
  server.certificates().ask_kernel(file.settings);
  auto certificates = server.certificates().load(file.settings);
  draft.plan = server.configuration().plan(std::move(file.settings));
  if (const auto* const problems = std::get_if<std::vector<TlsProblem>>(&certificates)) {
    std::ranges::copy(problems_of(*problems, draft.places), std::back_inserter(draft.problems));
  } else {
    draft.tls = std::move(std::get<TlsContexts>(certificates));
    add_renewals(server.certificates().contexts(), draft.tls, draft.plan.changes);
  }
  return draft;
}

std::optional<admin::Refusal> why_not(Server& server) {
  if (server.configuration().file().empty()) {
    return admin::Refusal{409, "no_file",
                          "limpet runs without a configuration file: there is none to reload"};
  }
  if (server.is_stopping()) {
    return admin::Refusal{409, "stopping", "limpet is stopping"};
  }
  return std::nullopt;
}

admin::ReloadReport report_of(Server& server, const Draft& draft) {
  admin::ReloadReport report{.generation = server.configuration().generation(),
                             .changes = infos_of(draft.plan.changes, *server.snapshot()),
                             .errors = {},
                             .undone = infos_of(draft.plan.undone, *server.snapshot())};
  add_errors(report, draft.problems);
  return report;
}

void log_report(Server& server, const admin::ReloadReport& report, Author author) {
  Log& log = server.shared().log;
  for (const admin::FileError& error : report.errors) {
    log.error("reload_error", {{"file", error.file},
                               {"line", error.line},
                               {"column", error.column},
                               {"key", error.key},
                               {"detail", error.message}});
  }
  if (!report.applied) {
    log.error("reload_failed", {{"by", word(author)},
                                {"errors", report.errors.size()},
                                {"generation", report.generation},
                                {"detail", "nothing was changed"}});
    return;
  }
  const auto log_change = [&log](std::string_view event, const admin::ChangeInfo& change) {
    log.warning(event, {{"key", change.key}, {"from", change.from}, {"to", change.to}});
  };
  std::size_t needs_restart = 0;
  for (const admin::ChangeInfo& change : report.changes) {
    if (change.needs_restart) {
      ++needs_restart;
      log_change("needs_restart", change);
    }
  }
  for (const admin::ChangeInfo& change : report.undone) {
    log_change("run_time_change_undone", change);
  }
  log.info("reloaded", {{"by", word(author)},
                        {"generation", report.generation},
                        {"changes", report.changes.size()},
                        {"needs_restart", needs_restart},
                        {"undone", report.undone.size()}});
}

// Opens what the draft wants, and makes it run if that goes well.
void carry_out(Server& server, Draft& draft, Author author) {
  Listeners::Plan listeners =
      server.bound_listeners().plan(draft.plan.next.listeners, draft.places, draft.tls);
  draft.problems = listeners.problems;
  if (draft.problems.empty()) {
    PoolBuilder::make_keys(draft.plan.next, draft.keys);
    add_key_faults(draft);
  }
  if (!draft.problems.empty()) {
    Listeners::discard(listeners);
    return;
  }
  for (const SocketAddress& address : listeners.opened) {
    server.shared().log.info("listening",
                             {{"address", address.to_string()}, {"workers", server.workers().size()}});
  }
  server.roster().builder().use_keys(std::move(draft.keys.codecs));
  server.certificates().commit(std::move(draft.tls));
  server.apply(std::move(draft.plan.next), std::move(listeners), author);
}

}  // namespace

admin::OrRefusal<admin::ReloadReport> plan_reload(Server& server) {
  if (auto refusal = why_not(server)) {
    return std::move(*refusal);
  }
  return report_of(server, read_draft(server));
}

admin::OrRefusal<admin::ReloadReport> reload_file(Server& server, Author author) {
  if (auto refusal = why_not(server)) {
    return std::move(*refusal);
  }
  server.service_manager().reloading();
  Draft draft = read_draft(server);
  admin::ReloadReport report = report_of(server, draft);
  if (draft.problems.empty()) {
    carry_out(server, draft, author);
    add_errors(report, draft.problems);
  }
  report.applied = draft.problems.empty();
  if (!report.applied) {
    server.configuration().refuse();
  }
  report.generation = server.configuration().generation();
  log_report(server, report, author);
  server.service_manager().ready();
  return report;
}

std::optional<admin::Refusal> change_run_time(Server& server, settings::Settings next) {
  const auto problems = server.certificates().change_backends(server.settings(), next);
  if (!problems.empty()) {
    return admin::Refusal{400, "tls", problems.front().key + ": " + problems.front().detail};
  }
  const auto changes = settings::difference(server.settings(), next);
  // The same listeners: nothing is opened.
  server.apply(std::move(next),
               server.bound_listeners().plan(server.settings().listeners, settings::Places(),
                                             server.certificates().contexts()),
               std::nullopt);
  for (const Change& change : changes) {
    server.shared().log.info("run_time_change", {{"change", word(change.kind)},
                                                 {"key", change.key},
                                                 {"from", change.from},
                                                 {"to", change.to},
                                                 {"generation", server.configuration().generation()}});
  }
  return std::nullopt;
}

}  // namespace limpet::app
