#include "admin/metrics_traffic.h"

#include <array>

#include "admin/metrics_readers.h"

namespace limpet::admin {

namespace {

using Info = const MetricsInfo&;
using Out = MetricsText&;

constexpr MetricType kCounter = MetricType::Counter;
constexpr MetricType kHistogram = MetricType::Histogram;

void add_words(Out out, const LabelText& labels, std::string_view label, const WordCounts& counts) {
  for (const auto& [word, count] : counts) {
    out.add(labels, count, {label, word});
  }
}

template <auto kMember>
void read_flows(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    out.add(backend.labels, backend.traffic.from_client.*kMember, {"from", "client"});
    out.add(backend.labels, backend.traffic.from_backend.*kMember, {"from", "backend"});
  }
}

void read_frames(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    for (const auto& [opcode, count] : backend.traffic.from_client.frames) {
      out.add(backend.labels, count, {"from", "client"}, {"opcode", opcode});
    }
    for (const auto& [opcode, count] : backend.traffic.from_backend.frames) {
      out.add(backend.labels, count, {"from", "backend"}, {"opcode", opcode});
    }
  }
}

void read_opened(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    out.add(backend.labels, backend.traffic.opened);
  }
}

void read_ended(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    add_words(out, backend.labels, "reason", backend.traffic.ended);
  }
}

void read_backend_handshakes(Info info, Out out) {
  for (const BackendMetrics& backend : info.backends) {
    add_words(out, backend.labels, "outcome", backend.traffic.handshakes);
  }
}

template <auto kMember>
void read_traffic(Info info, Out out) {
  for (const PoolMetrics& pool : info.pools) {
    out.add(pool_label(pool), pool.traffic.*kMember);
  }
}

void read_sizes(Info info, Out out) {
  for (const PoolMetrics& pool : info.pools) {
    out.add(pool_label(pool), pool.traffic.sizes_from_client, {"from", "client"});
    out.add(pool_label(pool), pool.traffic.sizes_from_backend, {"from", "backend"});
  }
}

void read_closes(Info info, Out out) {
  for (const PoolMetrics& pool : info.pools) {
    for (const CloseInfo& close : pool.traffic.closes) {
      out.add(pool_label(pool), close.count, {"by", close.by}, {"code", close.code});
    }
  }
}

template <auto kMember>
void read_words(Info info, Out out, std::string_view label) {
  for (const PoolMetrics& pool : info.pools) {
    add_words(out, pool_label(pool), label, pool.traffic.*kMember);
  }
}

void read_pool_handshakes(Info info, Out out) {
  read_words<&PoolTrafficInfo::handshakes>(info, out, "outcome");
}

void read_decisions(Info info, Out out) {
  read_words<&PoolTrafficInfo::decisions>(info, out, "reason");
}

void read_cookies_refused(Info info, Out out) {
  read_words<&PoolTrafficInfo::cookies_refused>(info, out, "cause");
}

constexpr std::array kRows{
    MetricRow{
        {"limpet_backend_sessions_opened_total", "WebSocket sessions that were opened there.", kCounter},
        read_opened},
    MetricRow{
        {"limpet_backend_sessions_ended_total", "WebSocket sessions there that ended, by reason.", kCounter},
        read_ended},
    MetricRow{
        {"limpet_backend_handshakes_total",
         "WebSocket handshakes that were tried there: 101, the class of its refusal, or why not.", kCounter},
        read_backend_handshakes},
    MetricRow{{"limpet_backend_messages_total", "WebSocket messages that have passed whole.", kCounter},
              read_flows<&FlowInfo::messages>},
    MetricRow{{"limpet_backend_frames_total", "WebSocket frames that have begun, by opcode.", kCounter},
              read_frames},
    MetricRow{{"limpet_backend_received_bytes_total",
               "Bytes of WebSocket sessions, frame headers included, as they came in.", kCounter},
              read_flows<&FlowInfo::bytes>},
    MetricRow{
        {"limpet_pool_handshakes_total",
         "WebSocket handshakes of its clients: 101, the class of a backend's refusal, or why not.", kCounter},
        read_pool_handshakes},
    MetricRow{{"limpet_pool_handshake_seconds", "From the request of a WebSocket handshake to its 101.",
               kHistogram},
              read_traffic<&PoolTrafficInfo::opening>},
    MetricRow{{"limpet_pool_first_byte_seconds",
               "From a request that is no handshake, body and all, to the begin of the backend's answer.",
               kHistogram},
              read_traffic<&PoolTrafficInfo::first_byte>},
    MetricRow{{"limpet_pool_message_bytes", "WebSocket messages by the size of their payload.", kHistogram},
              read_sizes},
    MetricRow{{"limpet_pool_closes_total",
               "WebSocket sessions that ended, by who closed first and the code of that Close.", kCounter},
              read_closes},
    MetricRow{{"limpet_pool_reconnects_total",
               "WebSocket sessions of a key that had one until less than 10 s before.", kCounter},
              read_traffic<&PoolTrafficInfo::reconnects>},
    MetricRow{{"limpet_pool_decisions_total",
               "Choices of a backend, one an attempt, by what they were founded on.", kCounter},
              read_decisions},
    MetricRow{{"limpet_pool_cookies_refused_total",
               "Requests whose affinity cookie was not valid: malformed, unreadable or expired.", kCounter},
              read_cookies_refused},
};

}  // namespace

std::span<const MetricRow> traffic_rows() noexcept {
  return kRows;
}

}  // namespace limpet::admin
