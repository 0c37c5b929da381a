// The schema: one row a configuration key. Loading, printing, the test over conf/limpet.yaml and the hints of
// error messages all come out of these rows; nothing else knows a key's name. Immutable. Any thread.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace limpet::settings {

struct Key {
  std::string path;               // below the row's owner, dotted: "limits.sessions", "cookie.name"
  std::string default_text = {};  // as conf/limpet.yaml spells it; empty = no default of its own
  std::string help = {};          // one sentence
  bool is_reloadable = true;      // false: a change needs a restart
  bool reaches_sessions = false;  // live sessions feel a change of it
  bool is_required = false;
  bool is_shared = false;    // stands at the top level only, because all pools share it
  bool is_list = false;      // the value is a list, and the row stores one item of it at a time
  std::string type = {};     // "duration", "number", ...
  std::string expects = {};  // completes "expected ..."
  std::function<std::string(std::string_view)> fault = {};  // of a text that was refused; may be null
};

template <typename Owner>
struct Row {
  Key key;
  std::function<bool(Owner&, std::string_view)> store;         // false: the text is not what key.expects says
  std::function<std::vector<std::string>(const Owner&)> show;  // one text; for a list, one an item
};

template <typename Owner>
using Rows = std::vector<Row<Owner>>;

[[nodiscard]] const Rows<Settings>& top_rows();
[[nodiscard]] const Rows<Listener>& listener_rows();
[[nodiscard]] const Rows<Backend>& backend_rows();
// Below `tls`, which may be left out altogether: tls_rows.cc.
[[nodiscard]] const Rows<ListenerTls>& listener_tls_rows();
[[nodiscard]] const Rows<CertificateFiles>& certificate_rows();
[[nodiscard]] const Rows<BackendTls>& backend_tls_rows();
[[nodiscard]] const Rows<Route>& route_rows();
[[nodiscard]] const Rows<Affinity>& affinity_rows();
[[nodiscard]] const Rows<Health>& health_rows();
[[nodiscard]] const Rows<Drain>& drain_rows();

// What else may stand at the top level and in a pool: lists and mappings whose parts have rows of their own.
inline constexpr std::array<std::string_view, 7> kTopSections{"listeners", "backends", "pools", "routes",
                                                              "affinity",  "health",   "drain"};
inline constexpr std::array<std::string_view, 4> kPoolSections{"backends", "affinity", "health", "drain"};
inline constexpr std::array<std::string_view, 1> kTlsSection{"tls"};  // in a listener and in a backend
inline constexpr std::array<std::string_view, 1> kListenerTlsSections{"certificates"};

// Every row's key with its full path: "listeners[].bind", "affinity.cookie.name". `backends[]`, `affinity`,
// `health` and `drain` may stand below pools.NAME too and are named once.
[[nodiscard]] std::vector<Key> all_keys();

}  // namespace limpet::settings
