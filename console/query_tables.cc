#include "console/query_tables.h"

#include <span>
#include <string_view>
#include <vector>

#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

struct Column {
  std::string_view heading;
  std::string (*show)(const Json& row);
};

std::string show_both_ways(const Json& row, const std::string& what) {
  return show(row, what + "_from_client") + "/" + show(row, what + "_from_backend");
}

std::string show_probe(const Json& probe) {
  return probe.is_null() ? std::string(kAbsent)
                         : show(probe, "detail") + " (" + show(probe, "took_ms") + " ms)";
}

std::string table(std::span<const Column> columns, const Json& objects) {
  std::vector<Row> rows(1);
  for (const Column& column : columns) {
    rows.front().emplace_back(column.heading);
  }
  for (const Json& object : objects) {
    Row& row = rows.emplace_back();
    for (const Column& column : columns) {
      row.push_back(column.show(object));
    }
  }
  return align(rows);
}

constexpr Column kBackendColumns[] = {
    {"NAME", [](const Json& row) { return show(row, "name"); }},
    {"POOL", [](const Json& row) { return show(row, "pool"); }},
    {"ADDRESS", [](const Json& row) { return show(row, "address"); }},
    {"WEIGHT", [](const Json& row) { return show(row, "weight"); }},
    {"HEALTH", [](const Json& row) { return show(row, "health"); }},
    {"MODE", [](const Json& row) { return show(row, "mode"); }},
    {"SESSIONS", [](const Json& row) { return show(row, "sessions"); }},
    {"REQUESTS", [](const Json& row) { return show(row, "requests"); }},
    {"FAILURES", [](const Json& row) { return show(row, "failures"); }},
    {"LAST PROBE", [](const Json& row) { return show_probe(field(row, "last_probe")); }},
};

constexpr Column kPinColumns[] = {
    {"KEY", [](const Json& row) { return show(row, "key"); }},
    {"KIND", [](const Json& row) { return show(row, "kind"); }},
    {"POOL", [](const Json& row) { return show(row, "pool"); }},
    {"BACKEND", [](const Json& row) { return show(row, "backend"); }},
    {"REASON", [](const Json& row) { return show(row, "reason"); }},
    {"SESSIONS", [](const Json& row) { return show(row, "sessions"); }},
    {"CREATED", [](const Json& row) { return show(row, "created"); }},
    {"LAST SEEN", [](const Json& row) { return show(row, "last_seen"); }},
    {"EXPIRES", [](const Json& row) { return show(row, "expires"); }},
};

constexpr Column kSessionColumns[] = {
    {"ID", [](const Json& row) { return show(row, "id"); }},
    {"KEY", [](const Json& row) { return show(row, "key"); }},
    {"BACKEND", [](const Json& row) { return show(row, "backend"); }},
    {"POOL", [](const Json& row) { return show(row, "pool"); }},
    {"CLIENT", [](const Json& row) { return show(row, "client"); }},
    {"AGE", [](const Json& row) { return show_seconds(field(row, "age_s")); }},
    {"IDLE", [](const Json& row) { return show_seconds(field(row, "idle_s")); }},
    {"MESSAGES IN/OUT", [](const Json& row) { return show_both_ways(row, "messages"); }},
    {"BYTES IN/OUT", [](const Json& row) { return show_both_ways(row, "bytes"); }},
    {"QUEUED", [](const Json& row) { return show(row, "queued_bytes"); }},
};

}  // namespace

std::string backends_table(const Json& backends) {
  return table(kBackendColumns, backends);
}

std::string pins_table(const Json& entries) {
  return table(kPinColumns, entries);
}

std::string sessions_table(const Json& sessions) {
  return table(kSessionColumns, sessions);
}

}  // namespace limpet::console
