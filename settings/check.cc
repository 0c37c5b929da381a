#include "settings/check.h"

#include <algorithm>
#include <map>

#include "settings/find_named.h"
#include "settings/token_file.h"

namespace limpet::settings {

namespace {

bool has_pool(const Settings& settings, std::string_view name) {
  return find_named(settings.pools, name) != nullptr;
}

std::string unknown_pool_message(const Settings& settings, const std::string& name) {
  std::string known;
  for (const Pool& pool : settings.pools) {
    known += (known.empty() ? "" : ", ") + pool.name;
  }
  return "expected a pool that exists (" + known + "), found " + quoted(name);
}

// Port 0 is a different port each time.
bool is_certain(const Endpoint& endpoint) {
  return endpoint.is_unix() || endpoint.port != 0;
}

void check_binds(const Settings& settings, Report& report) {
  std::map<std::string, std::string> owners;  // from an address in its one spelling to the key that has it
  const auto claim = [&](const Endpoint& endpoint, const std::string& key) {
    const auto place = report.place_of(key);
    const auto literal = endpoint.literal();
    if (!literal || !is_certain(endpoint)) {
      return;
    }
    const auto [owner, is_first] = owners.emplace(literal->to_string(), key);
    if (!is_first) {
      report.add(
          place.value_or(Place{}), key,
          "expected an address of its own, found that of " + owner->second + ": " + endpoint.to_string());
    }
  };
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    const std::string key = join_key(item_key("listeners", i), "bind");
    if (report.place_of(key)) {
      claim(settings.listeners[i].bind, key);
    }
  }
  if (settings.admin_bind) {
    claim(*settings.admin_bind, "admin.bind");
  }
}

// The one place that decides who may ask without a token: those who are on this machine.
void check_admin_bind(const Settings& settings, Report& report) {
  const auto place = report.place_of("admin.bind");
  const auto literal = settings.admin_bind ? settings.admin_bind->literal() : std::nullopt;
  const bool is_open = literal && !literal->is_unix() && !literal->ip().is_loopback();
  if (place && is_open && settings.admin_token_file.empty()) {
    report.add(*place, "admin.bind",
               "expected off, a loopback address (like 127.0.0.1:9900) or unix:/path, found " +
                   quoted(settings.admin_bind->to_string()) +
                   ": for an address that others can reach, give admin.token_file too");
  }
}

void check_backend_names(const Pool& pool, Report& report) {
  const std::string long_form = join_key(join_key("pools", pool.name), "backends");
  const std::string list = report.place_of(long_form) ? long_form : "backends";
  std::map<std::string_view, std::size_t> owners;
  for (std::size_t i = 0; i < pool.backends.size(); ++i) {
    const std::string& name = pool.backends[i].name;
    const auto [owner, is_first] = owners.emplace(name, i);
    if (name.empty() || is_first) {
      continue;
    }
    // A name that came from the address has no place of its own.
    const std::string name_key = join_key(item_key(list, i), "name");
    const std::string key = report.place_of(name_key) ? name_key : item_key(list, i);
    report.add(
        report.place_of(key).value_or(Place{}), key,
        "expected a name of its own, found that of " + item_key(list, owner->second) + ": " + quoted(name));
  }
}

void check_backend_tls(const Pool& pool, Report& report) {
  const std::string long_form = join_key(join_key("pools", pool.name), "backends");
  const std::string list = report.place_of(long_form) ? long_form : "backends";
  for (std::size_t i = 0; i < pool.backends.size(); ++i) {
    const Backend& backend = pool.backends[i];
    const std::string key = join_key(item_key(list, i), "tls");
    const auto place = report.place_of(key);
    if (const auto fault = tls_fault(backend); fault && place) {
      report.add(*place, key, std::string(*fault));
    }
  }
}

void check_listener_pools(Settings& settings, Report& report) {
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    Listener& listener = settings.listeners[i];
    const std::string item = item_key("listeners", i);
    const std::string key = join_key(item, "pool");
    const auto named = report.place_of(key);
    if (has_pool(settings, listener.pool)) {
      continue;
    }
    if (named && !listener.pool.empty()) {
      report.add(*named, key, unknown_pool_message(settings, listener.pool));
    } else if (!settings.routes.empty()) {
      listener.pool.clear();
    } else {
      report.add(named.value_or(report.place_of(item).value_or(Place{})), key,
                 "expected the name of a pool, as there are no routes and no pool \"default\"");
    }
  }
}

void check_route_pools(const Settings& settings, Report& report) {
  for (std::size_t i = 0; i < settings.routes.size(); ++i) {
    const std::string key = join_key(item_key("routes", i), "pool");
    const auto place = report.place_of(key);
    if (place && !has_pool(settings, settings.routes[i].pool)) {
      report.add(*place, key, unknown_pool_message(settings, settings.routes[i].pool));
    }
  }
}

}  // namespace

void check_files(const Settings& settings, Report& report) {
  const std::string key = "admin.token_file";
  const auto place = report.place_of(key);
  if (!place || settings.admin_token_file.empty()) {
    return;
  }
  const auto token = read_token_file(settings.admin_token_file);
  if (!token.ok()) {
    report.add(*place, key, token.error().detail);
  }
}

std::optional<std::string_view> tls_fault(const Backend& backend) {
  if (!backend.tls) {
    return std::nullopt;
  }
  if (backend.tls->own.certificate.empty() != backend.tls->own.key.empty()) {
    return "expected certificate and key, or neither, found one of them";
  }
  if (backend.tls->verify && backend.tls->server_name.empty() && backend.address.is_unix()) {
    return "expected server_name: a Unix socket has no host to verify";
  }
  return std::nullopt;
}

void check(Settings& settings, Report& report) {
  check_binds(settings, report);
  check_admin_bind(settings, report);
  for (const Pool& pool : settings.pools) {
    check_backend_names(pool, report);
    check_backend_tls(pool, report);
  }
  // Without any pool every reference would be wrong, and the one thing to say has been said.
  if (!settings.pools.empty()) {
    check_listener_pools(settings, report);
    check_route_pools(settings, report);
  }
}

}  // namespace limpet::settings
