#include "admin/metrics_view.h"

#include <array>
#include <vector>

#include "admin/metrics_readers.h"
#include "admin/metrics_traffic.h"
#include "admin/metrics_workers.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

using Info = const MetricsInfo&;
using Out = MetricsText&;

constexpr MetricType kCounter = MetricType::Counter;
constexpr MetricType kGauge = MetricType::Gauge;

void read_build(Info info, Out out) {
  out.add(LabelText{{"version", info.status.version}}, std::uint64_t{1});
}

void read_ends(Info info, Out out) {
  for (const auto& [reason, count] : info.status.ends) {
    out.add(kNoLabels, count, {"reason", reason});
  }
}

void read_deliveries(Info info, Out out) {
  const auto total = [&](Counter counter) { return info.totals[static_cast<std::size_t>(counter)]; };
  out.add(kNoLabels, total(Counter::PublishedSent), {"result", "sent"});
  out.add(kNoLabels, total(Counter::PublishedDropped), {"result", "dropped"});
}

void read_reloads(Info info, Out out) {
  out.add(kNoLabels, info.reloads_applied, {"result", "applied"});
  out.add(kNoLabels, info.reloads_refused, {"result", "refused"});
}

void read_certificates(Info info, Out out) {
  for (const ListenerInfo& listener : info.status.listeners) {
    for (std::size_t i = 0; i < listener.certificates.size(); ++i) {
      const CertificateInfo& certificate = listener.certificates[i];
      const std::string number = std::to_string(i);
      out.add(LabelText{{"listener", listener.address},
                        {"certificate", number},
                        {"name", certificate.names.empty() ? "" : certificate.names.front()}},
              in_seconds(certificate.not_after));
    }
  }
}

void read_tls_failures(Info info, Out out) {
  for_each_tls_side(info, [&](const TlsTotals& totals, const LabelText& side) {
    for (const auto& [reason, count] : totals.failures) {
      out.add(side, count, {"reason", reason});
    }
  });
}

void read_backend_sessions(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    out.add(backend.labels, backend.sessions, {"kind", "websocket"});
    out.add(backend.labels, backend.exchanges, {"kind", "http"});
  }
}

void read_health_changes(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    out.add(backend.labels, backend.became_up, {"to", "up"});
    out.add(backend.labels, backend.became_down, {"to", "down"});
    out.add(backend.labels, backend.became_ejected, {"to", "ejected"});
  }
}

void read_probe_success(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    if (backend.probe_ok) {
      out.add(backend.labels, std::uint64_t{*backend.probe_ok ? 1U : 0U});
    }
  }
}

void read_probe_time(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    if (backend.probe_ok) {
      out.add(backend.labels, in_seconds(backend.probe_took));
    }
  }
}

void read_drain_eta(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    if (backend.drain && backend.drain->eta) {
      out.add(backend.labels, in_seconds(*backend.drain->eta));
    }
  }
}

template <auto kMember>
void read_pool(Info info, Out out) {
  for (const PoolMetrics& pool : info.pools) {
    out.add(pool_label(pool), pool.*kMember);
  }
}

// One number: as text it is (Info, Out) -> value.
template <auto kRead>
void read_one(Info info, Out out) {
  out.add(kNoLabels, kRead(info));
}

constexpr std::array kRows{
    // The process.
    MetricRow{{"limpet_build_info", "Which limpet this is; always 1.", kGauge}, read_build},
    MetricRow{{"limpet_start_time_seconds", "When the process started, in seconds since 1970.", kGauge},
              read_one<[](Info info) { return in_seconds(info.process.started); }>},
    MetricRow{
        {"limpet_ready", "1 while clients are accepted and a backend can take them, as /readyz.", kGauge},
        read_one<[](Info info) { return std::uint64_t{info.status.not_ready.empty() ? 1U : 0U}; }>},
    MetricRow{{"limpet_workers", "Worker threads.", kGauge},
              read_one<[](Info info) { return std::uint64_t{info.status.workers}; }>},
    MetricRow{{"limpet_cpu_seconds_total", "Processor time of the process, user and system.", kCounter},
              read_process<&ProcessInfo::cpu_seconds>},
    MetricRow{{"limpet_resident_memory_bytes", "Memory of the process that is resident.", kGauge},
              read_process<&ProcessInfo::resident_bytes>},
    MetricRow{{"limpet_open_descriptors", "File descriptors that are open.", kGauge},
              read_process<&ProcessInfo::open_descriptors>},
    MetricRow{{"limpet_max_descriptors", "File descriptors that may be open.", kGauge},
              read_process<&ProcessInfo::most_descriptors>},
    MetricRow{{"limpet_log_lines_lost_total",
               "Lines of the log that were dropped: its queue or its disk was full.", kCounter},
              read_process<&ProcessInfo::log_lines_lost>},

    // The configuration.
    MetricRow{{"limpet_config_generation", "Number of the configuration that runs, from 1.", kGauge},
              read_one<[](Info info) { return info.status.generation; }>},
    MetricRow{{"limpet_config_loaded_timestamp_seconds", "When its file was loaded.", kGauge},
              read_one<[](Info info) { return in_seconds(info.status.config.loaded_at); }>},
    MetricRow{{"limpet_config_reloads_total", "Reloads of its file, refused ones too.", kCounter},
              read_reloads},

    // Clients and their sessions.
    MetricRow{{"limpet_connections_total", "Client connections that were accepted.", kCounter},
              read_total<Counter::Connections>},
    MetricRow{{"limpet_open_connections", "Client connections that are open, sessions included.", kGauge},
              read_process<&ProcessInfo::open_connections>},
    MetricRow{{"limpet_accept_pauses_total", "Times that accepting rested, out of descriptors or memory.",
               kCounter},
              read_total<Counter::AcceptPauses>},
    MetricRow{{"limpet_requests_total", "Requests that were read, handshakes included.", kCounter},
              read_total<Counter::Requests>},
    MetricRow{{"limpet_ends_total", "Sessions, requests and connections that ended, by their one reason.",
               kCounter},
              read_ends},
    MetricRow{{"limpet_sessions_opened_total", "WebSocket sessions that were opened.", kCounter},
              read_total<Counter::SessionsOpened>},
    MetricRow{{"limpet_sessions_ended_total", "WebSocket sessions that ended.", kCounter},
              read_total<Counter::SessionsEnded>},
    MetricRow{{"limpet_sessions_sent_away_total", "WebSocket sessions that were told to go with a Close.",
               kCounter},
              read_total<Counter::SentAway>},
    MetricRow{
        {"limpet_sessions_cut_total", "WebSocket sessions that ended in the middle of something.", kCounter},
        read_total<Counter::CutShort>},
    MetricRow{{"limpet_publications_total", "Messages that were published.", kCounter},
              read_total<Counter::Publications>},
    MetricRow{{"limpet_publication_deliveries_total", "Sessions that got one of them, or did not.", kCounter},
              read_deliveries},

    // Backends and pools.
    MetricRow{{"limpet_backend_attempts_total", "Requests that were sent to a backend, repeated ones too.",
               kCounter},
              read_total<Counter::BackendAttempts>},
    MetricRow{{"limpet_backend_attempts_failed_total", "Of those, what got no answer.", kCounter},
              read_total<Counter::BackendAttemptsFailed>},
    MetricRow{{"limpet_backend_connections_reused_total", "Of those, over a connection that was kept alive.",
               kCounter},
              read_total<Counter::BackendReused>},
    MetricRow{{"limpet_backend_sessions", "Live WebSocket sessions, and requests under way (http).", kGauge},
              read_backend_sessions},
    MetricRow{
        {"limpet_backend_sessions_elsewhere", "The same through other nodes that share their load.", kGauge},
        read_backend<&BackendMetrics::elsewhere>},
    MetricRow{{"limpet_backend_requests_total", "Requests and handshakes that it was sent.", kCounter},
              read_backend<&BackendMetrics::requests>},
    MetricRow{{"limpet_backend_failures_total", "Attempts that failed there.", kCounter},
              read_backend<&BackendMetrics::failures>},
    MetricRow{{"limpet_backend_sessions_cut_total",
               "WebSocket sessions there that ended in the middle of something.", kCounter},
              read_backend<&BackendMetrics::cut_short>},
    MetricRow{{"limpet_backend_up", "0 while it is down or ejected.", kGauge},
              read_backend<&BackendMetrics::is_up>},
    MetricRow{{"limpet_backend_eligible", "1 while it takes new clients.", kGauge},
              read_backend<&BackendMetrics::is_eligible>},
    MetricRow{{"limpet_backend_draining", "1 while it is drained or removed.", kGauge},
              read_backend<&BackendMetrics::is_draining>},
    MetricRow{{"limpet_backend_disabled", "1 while it is disabled.", kGauge},
              read_backend<&BackendMetrics::is_disabled>},
    MetricRow{{"limpet_backend_ejected", "1 while the failures of traffic keep clients away.", kGauge},
              read_backend<&BackendMetrics::is_ejected>},
    MetricRow{{"limpet_backend_health_changes_total", "Changes of its health, by what it became.", kCounter},
              read_health_changes},
    MetricRow{{"limpet_backend_weight", "Its weight; less while it warms up.", kGauge},
              read_backend<&BackendMetrics::weight>},
    MetricRow{{"limpet_backend_probe_success", "1 when the last health probe went well.", kGauge},
              read_probe_success},
    MetricRow{{"limpet_backend_probe_last_seconds", "How long the last health probe took.", kGauge},
              read_probe_time},
    MetricRow{{"limpet_drain_told_sessions", "Sessions that were told to go, of a drain under way.", kGauge},
              read_drain<&DrainInfo::told>},
    MetricRow{{"limpet_drain_remaining_sessions", "Sessions that are still there.", kGauge},
              read_drain<&DrainInfo::remaining>},
    MetricRow{{"limpet_drain_cut_sessions", "Sessions that did not leave in time.", kGauge},
              read_drain<&DrainInfo::cut>},
    MetricRow{{"limpet_drain_rate", "Sessions a second that are told to go now; 0 = no limit.", kGauge},
              read_drain<&DrainInfo::per_second>},
    MetricRow{{"limpet_drain_slowed", "1 while the other backends show distress.", kGauge},
              read_drain<&DrainInfo::slowed>},
    MetricRow{{"limpet_drain_resting", "1 while no other backend could take the clients.", kGauge},
              read_drain<&DrainInfo::resting>},
    MetricRow{{"limpet_drain_eta_seconds", "Until everybody is told.", kGauge}, read_drain_eta},
    MetricRow{{"limpet_pool_eligible_backends", "Backends that take new clients.", kGauge},
              read_pool<&PoolMetrics::eligible>},
    MetricRow{{"limpet_pool_imbalance_ratio",
               "Most sessions a weight of one backend, by the mean of all that take new clients; 1 = even.",
               kGauge},
              read_pool<&PoolMetrics::imbalance>},

    // Affinity.
    MetricRow{{"limpet_affinity_pins", "Entries of the affinity table.", kGauge},
              read_one<[](Info info) { return std::uint64_t{info.status.pins}; }>},
    MetricRow{{"limpet_affinity_evictions_total", "Pins that went because the table was full.", kCounter},
              read_one<[](Info info) { return info.status.evicted_pins; }>},

    // TLS.
    MetricRow{{"limpet_tls_handshakes_total", "TLS handshakes that were completed.", kCounter},
              read_tls<&TlsTotals::handshakes>},
    MetricRow{{"limpet_tls_handshakes_resumed_total", "Of those, resumed.", kCounter},
              read_tls<&TlsTotals::resumed>},
    MetricRow{{"limpet_tls_handed_over_total", "TLS connections handed over to the kernel, which seals them.",
               kCounter},
              read_tls<&TlsTotals::handed_over>},
    MetricRow{{"limpet_tls_failures_total", "TLS handshakes that failed, by reason.", kCounter},
              read_tls_failures},
    MetricRow{
        {"limpet_certificate_not_after_timestamp_seconds", "When a listener's certificate ends.", kGauge},
        read_certificates},

    // Several nodes.
    MetricRow{{"limpet_shared_state_up", "1 while the Redis that nodes share is connected.", kGauge},
              read_shared<&SharedStateInfo::is_up>},
    MetricRow{{"limpet_shared_state_nodes", "Other nodes that are heard.", kGauge},
              read_shared<&SharedStateInfo::nodes>},
    MetricRow{{"limpet_shared_state_claims_total", "Questions to the others about a client.", kCounter},
              read_shared<&SharedStateInfo::claims>},
    MetricRow{{"limpet_shared_state_followed_total", "Of those, answered with another backend than proposed.",
               kCounter},
              read_shared<&SharedStateInfo::followed>},
    MetricRow{{"limpet_shared_state_failed_total", "Of those, not answered in time.", kCounter},
              read_shared<&SharedStateInfo::failed>},
    MetricRow{{"limpet_predecessor_sessions", "Sessions of the process before this one; 0 when it is gone.",
               kGauge},
              read_one<[](Info info) {
                return info.status.predecessor ? info.status.predecessor->sessions : std::uint64_t{0};
              }>},
};

}  // namespace

std::span<const MetricRow> metric_rows() {
  static const std::vector<MetricRow> kAll = [] {
    std::vector<MetricRow> all(kRows.begin(), kRows.end());
    for (const auto& more : {worker_rows(), traffic_rows()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return kAll;
}

std::string metrics_text(const MetricsInfo& info) {
  MetricsText out;
  for (const MetricRow& row : metric_rows()) {
    out.begin(row.head);
    row.read(info, out);
  }
  return out.take();
}

Outcome view_metrics(const Call&, Source& source) {
  return Answer{
      .status = 200, .content_type = kMetricsType, .body = metrics_text(source.metrics()), .allow = {}};
}

}  // namespace limpet::admin
