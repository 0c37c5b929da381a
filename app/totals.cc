#include "app/totals.h"

#include "app/publisher.h"
#include "app/server.h"
#include "base/close_reason.h"

namespace limpet::app {

namespace {

std::uint64_t ends_by(Server& server, CloseReason reason) {
  std::uint64_t sum = 0;
  for (const auto& worker : server.workers()) {
    sum += worker->counters().ends(reason);
  }
  return sum;
}

bool is_error(CloseReason reason) {
  constexpr int kServerError = 500;
  const CloseReasonRow& row = describe(reason);
  const bool by_backend = row.side == Side::Backend && reason != CloseReason::BackendClosed;
  return by_backend || row.status >= kServerError;
}

}  // namespace

std::uint64_t total(Server& server, Counter counter) {
  std::uint64_t sum = server.publisher().counters().get(counter);
  for (const auto& worker : server.workers()) {
    sum += worker->counters().get(counter);
  }
  return sum;
}

std::uint64_t total_errors(Server& server) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCloseReasonCount; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    sum += is_error(reason) ? ends_by(server, reason) : 0;
  }
  return sum;
}

std::uint64_t total_messages(Server& server) {
  std::uint64_t sum = 0;
  const auto add = [&sum](const SizeTally& sizes) {
    for (const Tally& count : sizes.counts) {
      sum += count.get();
    }
  };
  for (const auto& worker : server.workers()) {
    worker->pools().for_each([&](affinity::PoolId, const proxy::PoolCounts& counts) {
      add(counts.from_client);
      add(counts.from_backend);
    });
  }
  return sum;
}

std::vector<admin::NamedCount> all_totals(Server& server) {
  std::vector<admin::NamedCount> totals;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const auto counter = static_cast<Counter>(i);
    totals.emplace_back(word(counter), total(server, counter));
  }
  totals.emplace_back("messages", total_messages(server));
  totals.emplace_back("errors", total_errors(server));
  totals.emplace_back("log_lines_lost", server.shared().log.lines_lost());
  return totals;
}

std::vector<admin::NamedCount> all_ends(Server& server) {
  std::vector<admin::NamedCount> ends;
  for (std::size_t i = 0; i < kCloseReasonCount; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    if (const std::uint64_t sum = ends_by(server, reason); sum > 0) {
      ends.emplace_back(describe(reason).word, sum);
    }
  }
  return ends;
}

std::uint64_t live_sessions(const proxy::Snapshot& snapshot) {
  std::uint64_t sum = 0;
  for (const affinity::PoolView& pool : snapshot.pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      sum += backend.state->sessions.load(std::memory_order_relaxed);
    }
  }
  return sum;
}

}  // namespace limpet::app
