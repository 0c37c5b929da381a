#include "app/query_tables.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace limpet::app {

namespace {

using admin::Json;

constexpr std::string_view kAbsent = "-";
constexpr std::size_t kGap = 2;  // spaces between columns

using Row = std::vector<std::string>;

struct Column {
  std::string_view heading;
  std::string (*show)(const Json& row);
};

Json field(const Json& object, std::string_view name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() ? *found : Json(nullptr);
}

// Keys are what clients sent: control characters must not reach the terminal.
std::string printable(std::string text) {
  constexpr char kFirstPrintable = ' ';
  constexpr char kDelete = 0x7f;
  std::ranges::replace_if(
      text, [](char c) { return (c >= 0 && c < kFirstPrintable) || c == kDelete; }, '?');
  return text;
}

std::string show(const Json& value) {
  if (value.is_null()) {
    return std::string(kAbsent);
  }
  return printable(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string show(const Json& row, std::string_view name) {
  return show(field(row, name));
}

std::string show_both_ways(const Json& row, const std::string& what) {
  return show(row, what + "_from_client") + "/" + show(row, what + "_from_backend");
}

std::string show_seconds(const Json& value) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (!value.is_number()) {
    return std::string(kAbsent);
  }
  const auto s = static_cast<std::int64_t>(value.get<double>());
  const auto two = [](std::int64_t high, const char* unit, std::int64_t low, const char* small_unit) {
    return std::to_string(high) + unit + (low > 0 ? std::to_string(low) + small_unit : "");
  };
  if (s < kMinute) {
    return std::to_string(s) + "s";
  }
  if (s < kHour) {
    return two(s / kMinute, "m", s % kMinute, "s");
  }
  return s < kDay ? two(s / kHour, "h", s % kHour / kMinute, "m") : two(s / kDay, "d", s % kDay / kHour, "h");
}

std::string show_probe(const Json& probe) {
  return probe.is_null() ? std::string(kAbsent)
                         : show(probe, "detail") + " (" + show(probe, "took_ms") + " ms)";
}

// In characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string align(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text.append(row[i]);
      if (i + 1 < row.size()) {
        text.append(widths[i] - width_of(row[i]) + kGap, ' ');
      }
    }
    text.append("\n");
  }
  return text;
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
};

void add_counts(std::vector<Row>& rows, const Json& counts, const std::string& prefix) {
  for (const auto& [name, count] : counts.items()) {
    if (count.is_object()) {
      add_counts(rows, count, name + ": ");
    } else {
      rows.push_back({prefix + name, show(count)});
    }
  }
}

}  // namespace

std::string status_text(const Json& status) {
  std::vector<Row> rows{
      {"version", show(status, "version")},   {"uptime", show_seconds(field(status, "uptime_s"))},
      {"workers", show(status, "workers")},   {"generation", show(status, "generation")},
      {"sessions", show(status, "sessions")}, {"pins", show(status, "pins")}};
  for (const Json& listener : field(status, "listeners")) {
    rows.push_back({"listener", show(listener, "address") + " -> " + show(listener, "pool")});
  }
  add_counts(rows, field(status, "totals"), "");
  return align(rows);
}

std::string backends_table(const Json& backends) {
  return table(kBackendColumns, backends);
}

std::string pins_table(const Json& entries) {
  return table(kPinColumns, entries);
}

std::string sessions_table(const Json& sessions) {
  return table(kSessionColumns, sessions);
}

}  // namespace limpet::app
