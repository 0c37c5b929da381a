#include "admin/views.h"

#include "admin/backend_view.h"
#include "admin/json.h"
#include "admin/tls_view.h"

namespace limpet::admin {

namespace {

Answer text_answer(int status, std::string_view word) {
  return {.status = status, .content_type = kTextType, .body = std::string(word), .allow = {}};
}

Json counts(const std::vector<NamedCount>& rows) {
  Json json = Json::object();
  for (const auto& [name, count] : rows) {
    json[std::string(name)] = count;
  }
  return json;
}

Json configuration_json(const ConfigurationInfo& config) {
  return {{"file", text_or_null(config.file)},
          {"generation", config.generation},
          {"loaded_at", to_rfc3339(config.loaded_at)},
          {"by", config.by}};
}

Json pools_json(const std::vector<PoolInfo>& pools) {
  Json json = Json::array();
  for (const PoolInfo& pool : pools) {
    json.push_back({{"name", pool.name},
                    {"drain_rate", rate_text(pool.drain_per_second)},
                    {"drain_grace_s", seconds(pool.drain_grace)}});
  }
  return json;
}

Json predecessor_json(const std::optional<PredecessorInfo>& predecessor) {
  if (!predecessor) {
    return nullptr;
  }
  return {{"pid", predecessor->pid},
          {"sessions", predecessor->sessions},
          {"since", to_rfc3339(predecessor->since)}};
}

Json room_json(const std::vector<RoomInfo>& rows) {
  Json json = Json::object();
  for (const RoomInfo& room : rows) {
    json[std::string(room.name)] = {{"used", room.used}, {"most", room.most}};
  }
  return json;
}

Json shared_json(const std::optional<SharedStateInfo>& shared) {
  if (!shared) {
    return nullptr;
  }
  return {{"state", shared->is_up           ? "up"
                    : shared->fault.empty() ? "connecting"
                                            : "down"},
          {"redis", shared->redis},
          {"peer", text_or_null(shared->peer)},
          {"fault", text_or_null(shared->fault)},
          {"detail", text_or_null(shared->detail)},
          {"since_s", seconds(shared->since)},
          {"nodes", shared->nodes},
          {"claims", shared->claims},
          {"agreed", shared->agreed},
          {"followed", shared->followed},
          {"failed", shared->failed},
          {"changes", shared->changes},
          {"garbage", shared->garbage}};
}

}  // namespace

Outcome view_health(const Call&, Source&) {
  return text_answer(200, "ok");
}

Outcome view_ready(const Call&, Source& source) {
  const std::string_view missing = source.why_not_ready();
  return missing.empty() ? text_answer(200, "ready") : text_answer(503, missing);
}

std::string status_text(const Source& source) {
  const StatusInfo status = source.status();
  Json totals = counts(status.totals);
  totals["ends"] = counts(status.ends);
  totals["tls_clients"] = tls_totals_json(status.tls_clients);
  totals["tls_backends"] = tls_totals_json(status.tls_backends);
  Json listeners = Json::array();
  for (const ListenerInfo& listener : status.listeners) {
    listeners.push_back({{"address", listener.address}, {"pool", text_or_null(listener.pool)}});
    if (!listener.certificates.empty()) {
      listeners.back()["tls"] = certificates_json(listener.certificates);
      listeners.back()["kernel_tls"] = listener.kernel_tls;
    }
  }
  return json_text({{"version", status.version},
                    {"uptime_s", seconds(status.uptime)},
                    {"workers", status.workers},
                    {"generation", status.generation},
                    {"config", configuration_json(status.config)},
                    {"sessions", status.sessions},
                    {"totals", totals},
                    {"listeners", listeners},
                    {"pools", pools_json(status.pools)},
                    {"pins", status.pins},
                    {"pid", status.pid},
                    {"predecessor", predecessor_json(status.predecessor)},
                    {"shared_state", shared_json(status.shared_state)},
                    {"not_ready", text_or_null(std::string(status.not_ready))},
                    {"room", room_json(status.room)},
                    {"evicted_pins", status.evicted_pins}});
}

Outcome view_status(const Call&, Source& source) {
  return json_text_answer(status_text(source));
}

std::string backends_text(const Source& source) {
  Json backends = Json::array();
  for (const BackendInfo& backend : source.backends()) {
    backends.push_back(backend_json(backend));
  }
  return json_text({{"backends", backends}});
}

Outcome view_backends(const Call&, Source& source) {
  return json_text_answer(backends_text(source));
}

}  // namespace limpet::admin
