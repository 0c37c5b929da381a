#include "app/certificates.h"

#include <algorithm>

#include "settings/find_named.h"
#include "settings/report.h"

namespace limpet::app {

namespace {

using Part = net::TlsTrouble::Part;

net::TlsServerOptions options_of(const settings::ListenerTls& tls) {
  net::TlsServerOptions options{.certificates = {},
                                .only_tls13 = tls.minimum_version == settings::TlsVersion::Tls13,
                                .client_ca = tls.client_ca,
                                .kernel_tls = tls.kernel_tls};
  for (const settings::CertificateFiles& files : tls.certificates) {
    options.certificates.push_back({files.certificate, files.key});
  }
  return options;
}

net::TlsClientOptions options_of(const settings::Backend& backend) {
  const settings::BackendTls& tls = *backend.tls;
  return {.verify = tls.verify,
          .server_name = tls.server_name.empty() ? backend.address.host : tls.server_name,
          .ca = tls.ca,
          .own = {tls.own.certificate, tls.own.key}};
}

std::string listener_problem_key(std::size_t listener, const net::TlsTrouble& trouble) {
  const std::string tls = settings::join_key(settings::item_key("listeners", listener), "tls");
  if (trouble.part == Part::Ca) {
    return settings::join_key(tls, "client_ca");
  }
  return settings::join_key(settings::item_key(settings::join_key(tls, "certificates"), trouble.item),
                            trouble.part == Part::Key ? "key" : "certificate");
}

std::string backend_problem_key(const std::string& backend, const net::TlsTrouble& trouble) {
  const char* const name = trouble.part == Part::Ca    ? "ca"
                           : trouble.part == Part::Key ? "key"
                                                       : "certificate";
  return settings::join_key(settings::join_key(backend, "tls"), name);
}

bool speaks_the_same(const settings::Backend& backend, const std::string& pool,
                     const settings::Settings& running) {
  const settings::Backend* const before = settings::find_backend(running, pool, backend.name);
  return before != nullptr && before->tls == backend.tls && before->address == backend.address;
}

std::int64_t days_between(WallTime now, WallTime then) {
  return std::chrono::floor<std::chrono::days>(then - now).count();
}

// "a.test until 2026-12-01T00:00:00.000Z", each certificate of a listener.
std::string ends_of(const net::TlsServer& server) {
  std::string text;
  for (const net::TlsCertificateFacts& facts : server.certificates()) {
    text.append(text.empty() ? "" : ", ").append(facts.names.front()).append(" until ");
    text.append(to_rfc3339(facts.not_after));
  }
  return text;
}

// With what is told of the files: one that has got another name or other rights is as good as before, but
// what was said of it is no longer true.
bool is_same(const net::TlsServer& present, const net::TlsServer& made) {
  return present.fingerprint() == made.fingerprint() && present.certificates() == made.certificates();
}

bool is_same(const net::TlsClient& present, const net::TlsClient& made) {
  return present.fingerprint() == made.fingerprint();
}

// The one there is, when a new one was made from the same.
template <typename Map, typename Key, typename Pointer>
Pointer same_or_new(const Map& present, const Key& key, Pointer made) {
  const auto found = present.find(key);
  return found != present.end() && is_same(*found->second, *made) ? found->second : made;
}

}  // namespace

std::string listener_tls_key(const std::vector<settings::Listener>& listeners, std::size_t listener) {
  const settings::Listener& chosen = listeners[listener];
  if (!chosen.tls) {
    return {};
  }
  const bool is_certain = chosen.bind.is_unix() || chosen.bind.port != 0;
  return chosen.bind.to_string() + (is_certain ? "" : "#" + std::to_string(listener));
}

Certificates::Certificates()
    : shared_{std::make_shared<net::TlsTickets>(SystemClock().now()), std::make_shared<net::TlsCounts>()},
      backend_counts_(std::make_shared<net::TlsCounts>()) {}

std::variant<TlsContexts, std::vector<TlsProblem>> Certificates::load(const settings::Settings& settings) {
  TlsContexts contexts;
  std::vector<TlsProblem> problems;
  load_listeners(settings, contexts, problems);
  load_backends(settings, nullptr, contexts, problems);
  if (!problems.empty()) {
    return problems;
  }
  return contexts;
}

void Certificates::ask_kernel(const settings::Settings& settings) {
  const auto is_wanted = [](const settings::Listener& listener) {
    return listener.tls && listener.tls->kernel_tls;
  };
  if (!has_asked_kernel_ && std::ranges::any_of(settings.listeners, is_wanted)) {
    shared_.kernel = net::KernelTls(net::try_kernel_tls());
    has_asked_kernel_ = true;
  }
}

void Certificates::load_listeners(const settings::Settings& settings, TlsContexts& contexts,
                                  std::vector<TlsProblem>& problems) const {
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    if (!settings.listeners[i].tls) {
      continue;
    }
    auto made = net::TlsServer::load(options_of(*settings.listeners[i].tls), shared_);
    if (auto* const server = std::get_if<net::TlsServerPtr>(&made)) {
      const std::string key = listener_tls_key(settings.listeners, i);
      contexts.listeners[key] = same_or_new(contexts_.listeners, key, std::move(*server));
      continue;
    }
    for (net::TlsTrouble& trouble : std::get<net::TlsTroubles>(made)) {
      problems.push_back({listener_problem_key(i, trouble), std::move(trouble.detail)});
    }
  }
}

void Certificates::load_backends(const settings::Settings& settings, const settings::Settings* running,
                                 TlsContexts& contexts, std::vector<TlsProblem>& problems) const {
  for (const settings::Pool& pool : settings.pools) {
    // The list of the short form has a key of its own: whoever shows places knows which form it was.
    const std::string list = settings::join_key(settings::join_key("pools", pool.name), "backends");
    for (std::size_t i = 0; i < pool.backends.size(); ++i) {
      const settings::Backend& backend = pool.backends[i];
      if (!backend.tls || (running != nullptr && speaks_the_same(backend, pool.name, *running))) {
        continue;
      }
      auto made = net::TlsClient::load(options_of(backend), backend_counts_);
      if (auto* const client = std::get_if<net::TlsClientPtr>(&made)) {
        const std::pair key(pool.name, backend.name);
        contexts.backends[key] = same_or_new(contexts_.backends, key, std::move(*client));
        continue;
      }
      for (net::TlsTrouble& trouble : std::get<net::TlsTroubles>(made)) {
        problems.push_back(
            {backend_problem_key(settings::item_key(list, i), trouble), std::move(trouble.detail)});
      }
    }
  }
}

std::vector<TlsProblem> Certificates::change_backends(const settings::Settings& running,
                                                      const settings::Settings& next) {
  TlsContexts fresh;
  std::vector<TlsProblem> problems;
  load_backends(next, &running, fresh, problems);
  if (problems.empty()) {
    fresh.backends.merge(contexts_.backends);
    contexts_.backends = std::move(fresh.backends);
  }
  return problems;
}

void Certificates::commit(TlsContexts contexts) {
  contexts.backends.merge(contexts_.backends);
  contexts_ = std::move(contexts);
  next_warning_ = {};
}

void Certificates::warn(Log& log, WallTime now) {
  constexpr auto kDay = std::chrono::hours(24);
  if (now < next_warning_) {
    return;
  }
  next_warning_ = now + kDay;
  for (const auto& [key, server] : contexts_.listeners) {
    for (const net::TlsCertificateFacts& facts : server->certificates()) {
      if (facts.not_after - now < kWarnFor) {
        log.warning("certificate_ends", {{"file", facts.file},
                                         {"name", facts.names.front()},
                                         {"not_after", to_rfc3339(facts.not_after)},
                                         {"days_left", days_between(now, facts.not_after)}});
      }
      if (facts.key_is_open) {
        log.warning("key_is_open", {{"file", facts.key_file},
                                    {"detail", "others on this machine may read the key: chmod 600"}});
      }
    }
  }
}

std::vector<admin::CertificateInfo> Certificates::infos(const net::TlsServerPtr& listener, WallTime now) {
  std::vector<admin::CertificateInfo> infos;
  if (listener == nullptr) {
    return infos;
  }
  for (const net::TlsCertificateFacts& facts : listener->certificates()) {
    infos.push_back({facts.names, facts.not_after, days_between(now, facts.not_after)});
  }
  return infos;
}

void add_renewals(const TlsContexts& from, const TlsContexts& to, std::vector<settings::Change>& changes) {
  const auto add = [&changes](const std::string& key, settings::ChangeOwner owner, std::string before,
                              std::string after) {
    const auto is_told = [&key](const settings::Change& change) { return change.key.starts_with(key); };
    if (std::ranges::none_of(changes, is_told)) {
      changes.push_back(
          {.key = key, .from = std::move(before), .to = std::move(after), .owner = std::move(owner)});
    }
  };
  for (const auto& [bind, server] : to.listeners) {
    const auto before = from.listeners.find(bind);
    if (before != from.listeners.end() && before->second->fingerprint() != server->fingerprint()) {
      add("listeners." + bind + ".tls", {}, ends_of(*before->second), ends_of(*server));
    }
  }
  for (const auto& [name, client] : to.backends) {
    const auto before = from.backends.find(name);
    if (before != from.backends.end() && before->second->fingerprint() != client->fingerprint()) {
      add("pools." + name.first + ".backends." + name.second + ".tls",
          {.pool = name.first, .backend = name.second}, "its files as they were",
          "its files as they are now");
    }
  }
}

admin::TlsTotals tls_totals(const net::TlsCounts& counts) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  admin::TlsTotals totals{.handshakes = counts.handshakes.load(kRelaxed),
                          .resumed = counts.resumed.load(kRelaxed),
                          .handed_over = counts.handed_over.load(kRelaxed),
                          .failures = {}};
  for (std::size_t i = 0; i < net::kTlsFaultCount; ++i) {
    if (const std::uint64_t count = counts.faults[i].load(kRelaxed); count > 0) {
      totals.failures.emplace_back(word(static_cast<net::TlsFault>(i)), count);
    }
  }
  return totals;
}

settings::Problems problems_of(const std::vector<TlsProblem>& problems, const settings::Places& places) {
  constexpr std::string_view kDefaultPool = "pools.default.";
  settings::Problems found;
  for (const TlsProblem& problem : problems) {
    const bool may_be_short = problem.key.starts_with(kDefaultPool);
    const std::string other = may_be_short ? problem.key.substr(kDefaultPool.size()) : problem.key;
    found.push_back(places.problem({problem.key, other}, problem.detail));
  }
  return found;
}

}  // namespace limpet::app
