#include "console/warnings.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "console/backend_state.h"
#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

// Limits that are nearly reached.
constexpr double kNear = 0.9;
// A certificate with so few days is renewed late: the log and the example alerts say the same.
constexpr double kDaysLeft = 21;
// One backend carries so many times its share, where there are enough sessions for chance not to do it.
constexpr double kImbalance = 2;
constexpr double kSessionsForBalance = 100;

// The answers, and what several rules want to know of them.
struct Facts {
  const Json& status;
  const Json& backends;  // the array
  bool has_one_pool = true;
  std::vector<Warning>& warnings;

  void add(Gravity gravity, std::string text) const { warnings.push_back({gravity, std::move(text)}); }
  [[nodiscard]] std::string name_of(const Json& backend) const { return show_backend(backend, has_one_pool); }
};

std::string one_digit(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", number);
  return text.data();
}

void readiness(const Facts& facts) {
  const std::string why = text(facts.status, "not_ready");
  if (why == "out_of_descriptors") {
    facts.add(Gravity::Fault,
              "accepting rests: out of file descriptors, new clients wait; raise LimitNOFILE");
  } else if (why == "stopping") {
    facts.add(Gravity::Fault, "limpet is leaving: it takes no new clients and sends its sessions away");
  }
}

void empty_pools(const Facts& facts) {
  std::map<std::string, std::size_t> takers;
  for (const Json& pool : list(facts.status, "pools")) {
    takers.emplace(text(pool, "name"), 0);
  }
  for (const Json& backend : facts.backends) {
    takers[text(backend, "pool")] += takes_clients(backend) ? 1U : 0U;
  }
  for (const auto& [pool, count] : takers) {
    if (count == 0) {
      facts.add(Gravity::Fault,
                "no backend of pool " + printable(pool) + " takes clients: new ones are answered 503");
    }
  }
}

void bad_backends(const Facts& facts) {
  for (const Json& backend : facts.backends) {
    const bool is_disabled = text(backend, "mode") == "disabled";
    if (text(backend, "health") == "down" && !is_disabled) {
      const Json& probe = field(backend, "last_probe");
      const std::string detail = probe.is_object() ? ": " + show(probe, "detail") : "";
      facts.add(Gravity::Warning, facts.name_of(backend) + " is down" + detail);
    } else if (const Json& until = field(backend, "ejected_until"); !until.is_null() && !is_disabled) {
      facts.add(Gravity::Warning, facts.name_of(backend) + " is kept back until " + show(until) +
                                      ": attempts of clients failed there");
    }
  }
}

void certificates(const Facts& facts) {
  for (const Json& listener : list(facts.status, "listeners")) {
    for (const Json& certificate : list(listener, "tls")) {
      const Json& names = field(certificate, "names");
      const std::string whose = names.is_array() && !names.empty() ? show(names.front()) : "(no name)";
      const std::string what = "the certificate for " + whose + " on " + show(listener, "address");
      const double days = number(certificate, "days_left");
      if (days < 0) {
        facts.add(Gravity::Fault, what + " has ended on " + show(certificate, "not_after"));
      } else if (days < kDaysLeft) {
        facts.add(Gravity::Warning,
                  what + " ends in " + plural(days, "day") + ": renew it, then limpet reload");
      }
    }
  }
}

void drains(const Facts& facts) {
  for (const Json& backend : facts.backends) {
    const Json& drain = field(backend, "drain");
    const std::string name = facts.name_of(backend);
    const std::string left = plural(number(drain, "remaining"), "session") + " left";
    if (is_true(drain, "resting")) {
      facts.add(Gravity::Warning,
                "the drain of " + name + " rests, " + left + ": no other backend could take the clients");
    } else if (is_true(drain, "slowed")) {
      facts.add(Gravity::Warning,
                "the drain of " + name + " is slowed, " + left + ": the other backends are in distress");
    } else if (text(backend, "mode") != "enabled") {
      facts.add(Gravity::Notice, name + " is " + show(backend, "mode") +
                                     (number(backend, "sessions") > 0 ? ", " + left : ", empty") +
                                     ": until limpet enable");
    }
  }
}

// Of those that take new clients, as limpet_pool_imbalance_ratio has it.
void imbalance(const Facts& facts) {
  struct Load {
    double sessions = 0;
    double weight = 0;
    double most = 0;  // sessions a weight
    const Json* fullest = nullptr;
  };
  std::map<std::string, Load> pools;
  for (const Json& backend : facts.backends) {
    if (!takes_clients(backend)) {
      continue;
    }
    Load& load = pools[text(backend, "pool")];
    const double sessions = number(backend, "sessions");
    const double weight = std::max(1.0, number(backend, "weight"));
    load.sessions += sessions;
    load.weight += weight;
    if (sessions / weight > load.most) {
      load.most = sessions / weight;
      load.fullest = &backend;
    }
  }
  for (const auto& [pool, load] : pools) {
    const double ratio = load.sessions > 0 ? load.most / (load.sessions / load.weight) : 1;
    if (ratio > kImbalance && load.sessions > kSessionsForBalance) {
      facts.add(Gravity::Warning,
                facts.name_of(*load.fullest) + " carries " + one_digit(ratio) +
                    " times its share: " + plural(number(*load.fullest, "sessions"), "session"));
    }
  }
}

// What of a limit is in use; a limit of 0 is none.
void room(const Facts& facts) {
  struct Remedy {
    std::string_view name;
    std::string_view text;
  };
  constexpr std::array kRemedies{
      Remedy{"connections", "above that clients are answered 503 (limits.sessions)"},
      Remedy{"descriptors", "then new clients wait; raise LimitNOFILE"},
      Remedy{"pins", "then the least recently used are forgotten (affinity.max_entries)"}};
  for (const Remedy& remedy : kRemedies) {
    const Json& here = field(field(facts.status, "room"), remedy.name);
    const double used = number(here, "used");
    const double most = number(here, "most");
    if (most > 0 && used > kNear * most) {
      facts.add(Gravity::Warning, show_short(used) + " of " + show_short(most) + " " +
                                      std::string(remedy.name) + " are in use: " + std::string(remedy.text));
    }
  }
  if (const double evicted = number(facts.status, "evicted_pins"); evicted > 0) {
    facts.add(Gravity::Notice, plural(evicted, "pin") +
                                   " went since the start because the table was full (affinity.max_entries)");
  }
}

void shared_state(const Facts& facts) {
  const Json& shared = field(facts.status, "shared_state");
  if (shared.is_object() && text(shared, "state") != "up") {
    const Json& detail = field(shared, "detail");
    facts.add(Gravity::Warning, "the Redis of the other nodes is away for " +
                                    show_seconds(field(shared, "since_s")) + ", this node decides alone" +
                                    (detail.is_null() ? "" : ": " + show(detail)));
  }
}

void succession(const Facts& facts) {
  const Json& predecessor = field(facts.status, "predecessor");
  if (predecessor.is_object()) {
    facts.add(Gravity::Notice,
              "an upgrade is under way: " + plural(number(predecessor, "sessions"), "session") +
                  " left in the old process " + show(predecessor, "pid"));
  }
}

void run_time_changes(const Facts& facts) {
  for (const Json& backend : facts.backends) {
    const std::string how = text(backend, "runtime");
    if (!how.empty()) {
      facts.add(Gravity::Notice, facts.name_of(backend) +
                                     (how == "weight" ? " has another weight" : " was " + printable(how)) +
                                     " since the file was read: a reload undoes it");
    }
  }
}

// A thousand backends that are down are not a thousand lines.
void shorten(std::vector<Warning>& warnings, std::size_t from) {
  constexpr std::size_t kMostAlike = 8;
  if (warnings.size() - from > kMostAlike) {
    const auto first_out = warnings.begin() + static_cast<std::ptrdiff_t>(from + kMostAlike);
    const Gravity gravity = first_out->gravity;
    const std::size_t left_out = warnings.size() - from - kMostAlike;
    warnings.erase(first_out, warnings.end());
    warnings.push_back({gravity, "and " + std::to_string(left_out) + " more like these"});
  }
}

}  // namespace

std::vector<Warning> warnings_of(const Json& status, const Json& backends) {
  constexpr std::array kRules{readiness, empty_pools, bad_backends, certificates, drains,
                              imbalance, room,        shared_state, succession,   run_time_changes};
  std::vector<Warning> warnings;
  const Facts facts{.status = status,
                    .backends = list(backends, "backends"),
                    .has_one_pool = list(status, "pools").size() <= 1,
                    .warnings = warnings};
  for (const auto rule : kRules) {
    const std::size_t from = warnings.size();
    rule(facts);
    shorten(warnings, from);
  }
  std::ranges::stable_sort(warnings, {}, &Warning::gravity);
  return warnings;
}

}  // namespace limpet::console
