#include "settings/reader.h"

#include <algorithm>

#include "settings/find_named.h"
#include "settings/kinds.h"
#include "settings/mapping.h"
#include "settings/schema.h"

namespace limpet::settings {

namespace {

constexpr const char* kDefaultPool = "default";

const YamlNode* find(const YamlNode& mapping, std::string_view key) {
  const auto found = std::find_if(mapping.members.begin(), mapping.members.end(),
                                  [&](const Member& member) { return member.key == key; });
  return found != mapping.members.end() ? &found->value : nullptr;
}

// A list of mappings, as messages name it.
struct ListName {
  std::string key;
  std::string what;  // completes "expected ..."
  bool may_be_empty = false;
};

ListName backend_list(const std::string& parent_key) {
  return {join_key(parent_key, "backends"), "a list of backends (- address: HOST:PORT)"};
}

// Reads the sections. What stands in each is left to MappingReader and the rows.
class SettingsReader {
 public:
  SettingsReader(const Variables& variables, Report& report)
      : mappings_(variables, report), report_(report) {}

  Settings read(const YamlNode& root) {
    const auto rows = bind_rows(top_rows(), settings_);
    mappings_.read(root, {"", rows, "", kTopSections});
    if (root.kind != YamlNode::Kind::Mapping) {
      return settings_;
    }
    read_listeners(root);
    read_policies(root, "", defaults_);
    read_top_backends(root);
    read_pools(root);
    read_routes(root);
    return std::move(settings_);
  }

 private:
  // The items of a list; none, and a problem, when the node is missing (null), no list, or empty against the
  // rule. A node that is missing is searched for in vain at `place`.
  std::span<const YamlNode> items_of(const YamlNode* node, const ListName& list, Place place) {
    if (node == nullptr) {
      report_.add(place, list.key, "missing: expected " + list.what);
      return {};
    }
    if (!mappings_.expect_kind(*node, YamlNode::Kind::List, list.key, list.what)) {
      return {};
    }
    if (node->items.empty() && !list.may_be_empty) {
      report_.add(node->place, list.key, "expected " + list.what + ", found an empty list");
    }
    report_.note(list.key, node->place);
    return node->items;
  }

  void read_listeners(const YamlNode& root) {
    const ListName list{"listeners", "a list of listeners (- bind: ADDRESS:PORT)"};
    for (const YamlNode& item : items_of(find(root, list.key), list, {})) {
      const std::string key = item_key(list.key, settings_.listeners.size());
      Listener& listener = settings_.listeners.emplace_back();
      const auto rows = bind_rows(listener_rows(), listener);
      mappings_.read(item, {key, rows, "", kTlsSection});
      if (const YamlNode* tls = find(item, kTlsSection.front())) {
        read_listener_tls(*tls, join_key(key, kTlsSection.front()), listener.tls.emplace());
      }
      report_.note(key, item.place);
    }
  }

  void read_listener_tls(const YamlNode& node, const std::string& key, ListenerTls& tls) {
    const auto rows = bind_rows(listener_tls_rows(), tls);
    mappings_.read(node, {key, rows, "", kListenerTlsSections});
    report_.note(key, node.place);
    if (node.kind != YamlNode::Kind::Mapping) {
      return;
    }
    const ListName list{join_key(key, "certificates"),
                        "a list of certificates (- {certificate: FILE, key: FILE})"};
    for (const YamlNode& item : items_of(find(node, "certificates"), list, node.place)) {
      const std::string item_name = item_key(list.key, tls.certificates.size());
      const auto files = bind_rows(certificate_rows(), tls.certificates.emplace_back());
      mappings_.read(item, {item_name, files, ""});
      report_.note(item_name, item.place);
    }
  }

  // At the top level these are what every pool starts from.
  void read_policies(const YamlNode& parent, const std::string& parent_key, Pool& pool) {
    const bool in_pool = !parent_key.empty();
    const auto read = [&](const std::string& name, const auto& rows_of_it, auto& values) {
      if (const YamlNode* node = find(parent, name)) {
        const auto rows = bind_rows(rows_of_it, values);
        mappings_.read(*node, {join_key(parent_key, name), rows, "", {}, in_pool});
      }
    };
    read("affinity", affinity_rows(), pool.affinity);
    read("health", health_rows(), pool.health);
    read("drain", drain_rows(), pool.drain);
  }

  // The short form: they are those of the pool "default".
  void read_top_backends(const YamlNode& root) {
    const YamlNode* backends = find(root, "backends");
    if (backends != nullptr) {
      read_backends(backends, backend_list(""), pool_named(kDefaultPool), {});
      has_short_form_ = true;
    } else if (find(root, "pools") == nullptr) {
      report_.add({}, "backends", "missing: expected backends, or pools that have them");
    }
  }

  void read_pools(const YamlNode& root) {
    const YamlNode* pools = find(root, "pools");
    if (pools == nullptr ||
        !mappings_.expect_kind(*pools, YamlNode::Kind::Mapping, "pools", "a mapping from names to pools")) {
      return;
    }
    if (pools->members.empty() && !has_short_form_) {
      report_.add(pools->place, "pools", "expected at least one pool, found an empty mapping");
    }
    const auto name = pool_name();
    for (const Member* member : mappings_.unique_members(*pools, "pools")) {
      if (name.parse(member->key)) {
        read_pool(*member);
      } else {
        report_.add(member->place, join_key("pools", member->key),
                    "expected " + name.expects + ", found " + quoted(member->key));
      }
    }
  }

  void read_pool(const Member& member) {
    const std::string key = join_key("pools", member.key);
    Pool& pool = pool_named(member.key);
    mappings_.read(member.value, {key, {}, "", kPoolSections});
    if (member.value.kind != YamlNode::Kind::Mapping) {
      return;
    }
    read_policies(member.value, key, pool);
    const YamlNode* backends = find(member.value, "backends");
    if (member.key != kDefaultPool || !has_short_form_) {
      read_backends(backends, backend_list(key), pool, member.place);
    } else if (backends != nullptr) {
      report_.add(backends->place, join_key(key, "backends"),
                  "given twice: the top-level backends are short for these");
    }
  }

  void read_backends(const YamlNode* node, const ListName& list, Pool& pool, Place place) {
    for (const YamlNode& item : items_of(node, list, place)) {
      const std::string key = item_key(list.key, pool.backends.size());
      Backend& backend = pool.backends.emplace_back();
      read_backend(item, key, backend);
      report_.note(key, item.place);
    }
  }

  // A scalar alone is the address.
  void read_backend(const YamlNode& item, const std::string& key, Backend& backend) {
    const auto rows = bind_rows(backend_rows(), backend);
    if (item.kind == YamlNode::Kind::Scalar) {
      const auto address = std::find_if(rows.begin(), rows.end(),
                                        [](const BoundRow& row) { return row.key->path == "address"; });
      mappings_.store(item, key, *address);
    } else {
      mappings_.read(item, {key, rows, "", kTlsSection});
    }
    if (const YamlNode* tls = find(item, kTlsSection.front())) {
      const std::string tls_key = join_key(key, kTlsSection.front());
      const auto tls_rows = bind_rows(backend_tls_rows(), backend.tls.emplace());
      mappings_.read(*tls, {tls_key, tls_rows, ""});
      report_.note(tls_key, tls->place);
    }
    if (find(item, "name") == nullptr && backend.address != Endpoint{}) {
      backend.name = backend.address.to_string();
    }
  }

  void read_routes(const YamlNode& root) {
    const YamlNode* node = find(root, "routes");
    if (node == nullptr) {
      return;
    }
    const ListName list{"routes", "a list of routes (- path: /PREFIX and pool: NAME)", true};
    for (const YamlNode& item : items_of(node, list, {})) {
      const std::string key = item_key(list.key, settings_.routes.size());
      const auto rows = bind_rows(route_rows(), settings_.routes.emplace_back());
      mappings_.read(item, {key, rows, ""});
    }
  }

  Pool& pool_named(std::string_view name) {
    auto& pools = settings_.pools;
    if (Pool* const known = find_named(pools, name)) {
      return *known;
    }
    pools.push_back(defaults_);
    pools.back().name = name;
    return pools.back();
  }

  MappingReader mappings_;
  Report& report_;
  Settings settings_;
  Pool defaults_;  // without name and backends
  bool has_short_form_ = false;
};

}  // namespace

Settings read_settings(const YamlNode& root, const Variables& variables, Report& report) {
  return SettingsReader(variables, report).read(root);
}

}  // namespace limpet::settings
