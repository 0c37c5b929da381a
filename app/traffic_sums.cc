#include "app/traffic_sums.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/result.h"

namespace limpet::app {

namespace {

// By opcode (RFC 6455 5.2); those that it keeps for later are one.
constexpr std::string_view kReserved = "reserved";
constexpr std::array<std::string_view, FrameTally::kOpcodes> kOpcodeWords{
    "continuation", "text", "binary", kReserved, kReserved, kReserved, kReserved, kReserved,
    "close",        "ping", "pong",   kReserved, kReserved, kReserved, kReserved, kReserved};
constexpr std::array<std::string_view, backends::HandshakeTally::kClasses> kClassWords{
    "0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"};
constexpr double kMillisecondsASecond = 1000;

void add_count(admin::WordCounts& counts, std::string_view word, std::uint64_t count) {
  if (count != 0) {
    counts.emplace_back(word, count);
  }
}

// `word_at(place)` names each.
template <std::size_t kCount, typename WordAt>
admin::WordCounts named(const Tallies<kCount>& counts, const WordAt& word_at) {
  admin::WordCounts words;
  for (std::size_t i = 0; i < kCount; ++i) {
    add_count(words, word_at(i), counts[i].get());
  }
  return words;
}

admin::WordCounts by_reason(const Tallies<kCloseReasonCount>& counts) {
  return named(counts, [](std::size_t i) { return describe(static_cast<CloseReason>(i)).word; });
}

admin::WordCounts outcomes(const backends::HandshakeTally& tally) {
  admin::WordCounts words;
  add_count(words, "101", tally.opened.get());
  for (std::size_t i = 0; i < kClassWords.size(); ++i) {
    add_count(words, kClassWords[i], tally.refused[i].get());
  }
  const admin::WordCounts failed = by_reason(tally.failed);
  words.insert(words.end(), failed.begin(), failed.end());
  return words;
}

// Of one backend and all workers.
struct FlowSum {
  SizeTally unused;  // sizes are summed by pool
  backends::Flow flow{unused};

  void add(const backends::Flow& more) noexcept {
    limpet::add(flow.frames.frames, more.frames.frames);
    flow.frames.messages.add(more.frames.messages);
    flow.bytes.add(more.bytes);
  }
  [[nodiscard]] admin::FlowInfo info() const {
    admin::FlowInfo info{.bytes = flow.bytes.get(), .messages = flow.frames.messages.get()};
    std::uint64_t reserved = 0;
    for (std::size_t i = 0; i < kOpcodeWords.size(); ++i) {
      const std::uint64_t count = flow.frames.frames[i].get();
      const bool is_reserved = kOpcodeWords[i] == kReserved;
      reserved += is_reserved ? count : 0;
      add_count(info.frames, kOpcodeWords[i], is_reserved ? 0 : count);
    }
    add_count(info.frames, kReserved, reserved);
    return info;
  }
};

template <std::size_t kCount>
std::vector<std::uint64_t> plain(const Tallies<kCount>& counts) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(kCount);
  for (const Tally& count : counts) {
    numbers.push_back(count.get());
  }
  return numbers;
}

admin::HistogramInfo histogram(const WaitTally& waits) {
  static const auto kSeconds = [] {
    std::array<double, WaitTally::kBounds.size()> seconds{};
    std::ranges::transform(WaitTally::kBounds, seconds.begin(), [](std::int64_t milliseconds) {
      return static_cast<double>(milliseconds) / kMillisecondsASecond;
    });
    return seconds;
  }();
  return {.bounds = kSeconds,
          .counts = plain(waits.counts),
          .sum = static_cast<double>(waits.milliseconds.get()) / kMillisecondsASecond};
}

admin::HistogramInfo histogram(const SizeTally& sizes) {
  static const auto kBytes = [] {
    std::array<double, SizeTally::kBounds.size()> bytes{};
    std::ranges::transform(SizeTally::kBounds, bytes.begin(),
                           [](std::uint64_t bound) { return static_cast<double>(bound); });
    return bytes;
  }();
  return {.bounds = kBytes, .counts = plain(sizes.counts), .sum = static_cast<double>(sizes.bytes.get())};
}

std::vector<admin::CloseInfo> closes(const websocket::CloseTally& tally) {
  std::vector<admin::CloseInfo> infos;
  for (const Side by : {Side::Client, Side::Backend, Side::Self}) {
    const auto& counts = tally.closes[static_cast<std::size_t>(by)];
    for (std::size_t place = 0; place < counts.size(); ++place) {
      if (const std::uint64_t count = counts[place].get(); count != 0) {
        infos.push_back({word(by), websocket::CloseTally::word(place), count});
      }
    }
  }
  return infos;
}

}  // namespace

admin::TrafficInfo sum_of(const backends::TrafficByWorker& traffic) {
  FlowSum from_client;
  FlowSum from_backend;
  Tally opened;
  Tallies<kCloseReasonCount> ended;
  backends::HandshakeTally handshakes;
  traffic.for_each([&](const backends::Traffic& of_worker) {
    from_client.add(of_worker.from_client);
    from_backend.add(of_worker.from_backend);
    opened.add(of_worker.opened);
    add(ended, of_worker.ended);
    handshakes.add(of_worker.handshakes);
  });
  return {.from_client = from_client.info(),
          .from_backend = from_backend.info(),
          .opened = opened.get(),
          .ended = by_reason(ended),
          .handshakes = outcomes(handshakes)};
}

PoolSums sum_pools(const std::vector<std::unique_ptr<proxy::Worker>>& workers) {
  PoolSums sums;
  for (const auto& worker : workers) {
    worker->pools().for_each(
        [&](affinity::PoolId pool, const proxy::PoolCounts& counts) { sums[pool].add(counts); });
  }
  return sums;
}

admin::PoolTrafficInfo told_of(const proxy::PoolCounts& counts) {
  return {.handshakes = outcomes(counts.handshakes),
          .opening = histogram(counts.opening),
          .first_byte = histogram(counts.first_byte),
          .sizes_from_client = histogram(counts.from_client),
          .sizes_from_backend = histogram(counts.from_backend),
          .closes = closes(counts.closes),
          .decisions = named(counts.decisions,
                             [](std::size_t i) { return affinity::word(static_cast<affinity::Ground>(i)); }),
          .cookies_refused =
              named(counts.cookies_refused,
                    [](std::size_t i) { return affinity::word(static_cast<affinity::CookieFault>(i)); }),
          .reconnects = counts.reconnects.get()};
}

admin::WorkerMetrics told_of(const proxy::Worker& worker) {
  return {.lag = histogram(worker.lag()),
          .chunks = worker.chunks().out(),
          .chunks_borrowed = worker.chunks().borrowed()};
}

}  // namespace limpet::app
