#include "console/summary.h"

#include <vector>

#include "console/backend_state.h"
#include "console/show.h"
#include "console/text.h"
#include "console/warnings.h"

namespace limpet::console {

namespace {

std::string_view mark(Gravity gravity) {
  switch (gravity) {
    case Gravity::Fault:
      return "FAULT    ";
    case Gravity::Warning:
      return "warning  ";
    case Gravity::Notice:
      return "notice   ";
  }
  return "";
}

std::string warning_lines(const std::vector<Warning>& warnings) {
  std::string lines;
  for (const Warning& warning : warnings) {
    lines.append(mark(warning.gravity)).append(warning.text).append("\n");
  }
  return lines.empty() ? "no warnings\n" : lines;
}

std::string used_of(const Json& status, std::string_view name) {
  const Json& room = field(field(status, "room"), name);
  return show(room, "used") + " of " + show(room, "most");
}

std::vector<Row> process_rows(const Json& status) {
  const Json& config = field(status, "config");
  std::vector<Row> rows{
      {"limpet", show(status, "version") + ", process " + show(status, "pid") + ", up " +
                     show_seconds(field(status, "uptime_s")) + ", " +
                     plural(number(status, "workers"), "worker")},
      {"configuration",
       show(status, "generation") + " of " + show(config, "loaded_at") + ", " + show(config, "file")},
      {"sessions", show(status, "sessions") + "; client connections " + used_of(status, "connections")},
      {"pins", used_of(status, "pins")},
      {"descriptors", used_of(status, "descriptors")}};
  for (const Json& listener : list(status, "listeners")) {
    rows.push_back({"listener", show(listener, "address") + " -> " + show(listener, "pool") +
                                    (listener.contains("tls") ? ", TLS" : "")});
  }
  if (const Json& shared = field(status, "shared_state"); shared.is_object()) {
    rows.push_back({"shared state", show(shared, "state") + ", " + show(shared, "redis") + ", " +
                                        plural(number(shared, "nodes"), "other node")});
  }
  return rows;
}

std::vector<Row> pool_rows(const Json& status, const Json& backends) {
  std::vector<Row> rows{{"POOL", "BACKENDS", "TAKE CLIENTS", "SESSIONS", "DRAIN RATE"}};
  for (const Json& pool : list(status, "pools")) {
    double all = 0;
    double takers = 0;
    double sessions = 0;
    for (const Json& backend : list(backends, "backends")) {
      if (field(backend, "pool") == field(pool, "name")) {
        all += 1;
        takers += takes_clients(backend) ? 1 : 0;
        sessions += number(backend, "sessions");
      }
    }
    const auto whole = [](double count) { return std::to_string(static_cast<std::uint64_t>(count)); };
    rows.push_back(
        {show(pool, "name"), whole(all), whole(takers), whole(sessions), show(pool, "drain_rate")});
  }
  return rows;
}

void add_counts(std::vector<Row>& rows, const Json& counts, const std::string& prefix) {
  if (!counts.is_object()) {
    return;
  }
  for (const auto& [name, count] : counts.items()) {
    if (count.is_object()) {
      add_counts(rows, count, printable(name) + ": ");
    } else {
      rows.push_back({prefix + printable(name), show(count)});
    }
  }
}

}  // namespace

std::string status_summary(const Json& status, const Json& backends) {
  std::vector<Row> totals;
  add_counts(totals, field(status, "totals"), "");
  return warning_lines(warnings_of(status, backends)) + "\n" + align(process_rows(status)) + "\n" +
         align(pool_rows(status, backends)) + "\nsince the start\n" + align(totals);
}

}  // namespace limpet::console
