#include "console/plan.h"

#include <charconv>

#include "console/backend_state.h"
#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

const Json& find(const Json& rows, const BackendName& whom) {
  static const Json kNull;
  for (const Json& backend : rows) {
    if (text(backend, "name") == whom.name && text(backend, "pool") == whom.pool) {
      return backend;
    }
  }
  return kNull;
}

const Json& rule_of(const Json& status, const std::string& pool) {
  static const Json kNull;
  for (const Json& rule : list(status, "pools")) {
    if (text(rule, "name") == pool) {
      return rule;
    }
  }
  return kNull;
}

constexpr const char* kNotThere = "It is not there any more.";

}  // namespace

double per_second(const std::string& rate) {
  double count = 0;
  const auto [end, error] = std::from_chars(rate.data(), rate.data() + rate.size(), count);
  const std::string_view unit = std::string_view(rate).substr(static_cast<std::size_t>(end - rate.data()));
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  if (error != std::errc{} || count < 0) {
    return 0;
  }
  return unit == "/s" ? count : unit == "/m" ? count / kMinute : unit == "/h" ? count / kHour : 0;
}

std::vector<std::string> drain_plan(const Json& status, const Json& backends, const BackendName& whom) {
  const Json& rows = list(backends, "backends");
  const Json& backend = find(rows, whom);
  if (backend.is_null()) {
    return {kNotThere};
  }
  double waiting = number(backend, "sessions");
  double sharing = 0;
  double survivors = 0;
  for (const Json& other : rows) {
    if (&other != &backend && text(other, "pool") == whom.pool) {
      sharing += is_closing_drain(other) ? 1 : 0;
      waiting += is_closing_drain(other) ? number(other, "sessions") : 0;
      survivors += takes_clients(other) ? 1 : 0;
    }
  }
  const Json& rule = rule_of(status, whom.pool);
  const std::string rate = text(rule, "drain_rate");
  const double speed = per_second(rate);
  const std::string pace = speed > 0 ? "at " + printable(rate) + ": about " + show_seconds(waiting / speed)
                                     : std::string("at once: there is no limit");
  std::vector<std::string> plan{plural(number(backend, "sessions"), "live session") +
                                " will be told to go, " + pace + "."};
  if (sharing > 0) {
    plan.push_back("It shares the pace with " + plural(sharing, "other backend") + " of the pool.");
  }
  const Json& grace = field(rule, "drain_grace_s");
  plan.push_back(
      "New clients go elsewhere at once; a client in the middle of a session keeps it for the grace time" +
      (grace.is_number() ? " of " + show_seconds(grace) : "") + ".");
  plan.push_back(survivors > 0 ? plural(survivors, "other backend") + " of pool " + printable(whom.pool) +
                                     " can take them."
                               : "No other backend of pool " + printable(whom.pool) +
                                     " can take them: the drain rests until there is one.");
  plan.emplace_back("It lasts until it is enabled again.");
  return plan;
}

std::vector<std::string> enable_plan(const Json& backends, const BackendName& whom) {
  const Json& backend = find(list(backends, "backends"), whom);
  if (backend.is_null()) {
    return {kNotThere};
  }
  return {"New clients come again, as soon as it is up.",
          "Nobody else is told to go: " + plural(number(backend, "sessions"), "live session") + " there, " +
              show_short(number(field(backend, "drain"), "leaving")) + " of them leaving."};
}

}  // namespace limpet::console
