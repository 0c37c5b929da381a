#include <algorithm>

#include "base/text.h"
#include "settings/expand.h"
#include "settings/load.h"
#include "settings/schema.h"

namespace limpet::settings {

namespace {

constexpr std::size_t kStep = 2;  // spaces a level

bool is_plain_character(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) ||
         std::string_view("_./:-").find(c) != std::string_view::npos;
}

// Whether YAML reads the text unquoted as just this text.
bool is_plain(std::string_view text) {
  constexpr std::string_view kNull = "null";
  const bool starts_well =
      !text.empty() && std::string_view(".:-").find(text.front()) == std::string_view::npos;
  return starts_well && text.back() != ':' && !iequals(text, kNull) &&
         std::all_of(text.begin(), text.end(), is_plain_character);
}

std::string scalar(std::string_view text) {
  std::string escaped = escape_expansions(text);
  if (is_plain(escaped)) {
    return escaped;
  }
  // JSON's escapes are a part of those of a YAML double-quoted scalar.
  std::string quoted = "\"";
  append_json_escaped(quoted, escaped);
  return quoted + "\"";
}

std::string value_of(const Key& key, const std::vector<std::string>& texts) {
  if (!key.is_list) {
    return scalar(texts.front());
  }
  std::string list = "[";
  for (const std::string& text : texts) {
    list += (list.size() > 1 ? ", " : "") + scalar(text);
  }
  return list + "]";
}

enum class Part { All, OfPool, Shared };

bool belongs(const Key& key, Part part) {
  return part == Part::All || key.is_shared == (part == Part::Shared);
}

// The sections of `path` that are not open yet get their lines; answers how deep its last name stands.
std::size_t open_sections(std::string& text, std::string_view path, std::string_view open,
                          std::size_t indent) {
  std::size_t from = 0;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', from)) {
    const std::string_view section = path.substr(0, dot + 1);
    if (!open.starts_with(section)) {
      text.append(indent, ' ').append(path.substr(from, dot - from)).append(":\n");
    }
    from = dot + 1;
    indent += kStep;
  }
  return indent;
}

// The lines of one owner. Rows of one section ("limits.sessions", "limits.headers") stand side by side in the
// schema.
template <typename Owner>
std::string lines_of(const Rows<Owner>& rows, const Owner& owner, std::size_t indent, Part part = Part::All) {
  std::string text;
  std::string_view open;  // the last path
  for (const Row<Owner>& row : rows) {
    if (!belongs(row.key, part)) {
      continue;
    }
    const std::string_view path = row.key.path;
    const std::size_t depth = open_sections(text, path, open, indent);
    open = path;
    const std::string_view name = path.substr(path.rfind('.') + 1);
    text.append(depth, ' ').append(name).append(": ").append(value_of(row.key, row.show(owner))).append("\n");
  }
  return text;
}

// What of a list item has no row of its own.
template <typename Owner>
std::string sections_of(const Owner&, std::size_t) {
  return {};
}

template <typename Owner>
std::string list_of(const std::string& name, const Rows<Owner>& rows, const std::vector<Owner>& owners,
                    std::size_t indent) {
  std::string text = std::string(indent, ' ') + name + ":" + (owners.empty() ? " []\n" : "\n");
  for (const Owner& owner : owners) {
    std::string item = lines_of(rows, owner, indent + 2 * kStep);
    item[indent + kStep] = '-';  // The dash of a list item takes the place of its first line's indentation.
    text += item + sections_of(owner, indent + 2 * kStep);
  }
  return text;
}

template <>
std::string sections_of(const Listener& listener, std::size_t indent) {
  return !listener.tls
             ? std::string()
             : std::string(indent, ' ') + "tls:\n" +
                   list_of("certificates", certificate_rows(), listener.tls->certificates, indent + kStep) +
                   lines_of(listener_tls_rows(), *listener.tls, indent + kStep);
}

template <>
std::string sections_of(const Backend& backend, std::size_t indent) {
  return !backend.tls ? std::string()
                      : std::string(indent, ' ') + "tls:\n" +
                            lines_of(backend_tls_rows(), *backend.tls, indent + kStep);
}

std::string pool_text(const Pool& pool, std::size_t indent, Part part) {
  const std::string margin(indent, ' ');
  return list_of("backends", backend_rows(), pool.backends, indent) + margin + "affinity:\n" +
         lines_of(affinity_rows(), pool.affinity, indent + kStep, part) + margin + "health:\n" +
         lines_of(health_rows(), pool.health, indent + kStep) + margin + "drain:\n" +
         lines_of(drain_rows(), pool.drain, indent + kStep);
}

// One pool that is called "default" is written as people write it, at the top level.
std::string pools_text(const std::vector<Pool>& pools) {
  if (pools.size() == 1 && pools.front().name == "default") {
    return pool_text(pools.front(), 0, Part::All);
  }
  std::string text =
      "affinity:\n" +
      lines_of(affinity_rows(), pools.empty() ? Affinity{} : pools.front().affinity, kStep, Part::Shared);
  text += pools.empty() ? "pools: {}\n" : "pools:\n";
  for (const Pool& pool : pools) {
    text += std::string(kStep, ' ') + scalar(pool.name) + ":\n" + pool_text(pool, 2 * kStep, Part::OfPool);
  }
  return text;
}

}  // namespace

std::string print(const Settings& settings) {
  return list_of("listeners", listener_rows(), settings.listeners, 0) + pools_text(settings.pools) +
         list_of("routes", route_rows(), settings.routes, 0) + lines_of(top_rows(), settings, 0);
}

}  // namespace limpet::settings
