// Counts durations in buckets whose width is about 1.6 % of their value. Adding allocates nothing. Any one
// thread.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace limpet::bench {

class Histogram {
 public:
  void add(std::chrono::nanoseconds duration) noexcept {
    const auto value = duration.count() < 0 ? 0U : static_cast<std::uint64_t>(duration.count());
    ++counts_[bucket_of(value)];
    ++total_;
    max_ = value > max_ ? value : max_;
  }

  // The duration that `fraction` (0 to 1) of all do not exceed, to the width of a bucket; zero when there are
  // none.
  [[nodiscard]] std::chrono::nanoseconds quantile(double fraction) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size() && total_ > 0; ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted || seen == total_) {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(lowest_in(bucket)));
      }
    }
    return {};
  }
  [[nodiscard]] std::chrono::nanoseconds max() const noexcept {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(max_));
  }

 private:
  // Every power of two is cut into 64 buckets; values below 64 have one each.
  static constexpr unsigned kCutBits = 6;
  static constexpr std::uint64_t kCuts = 1U << kCutBits;
  static constexpr std::size_t kBuckets = (64 - kCutBits + 1) * kCuts;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < kCuts) {
      return value;
    }
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kCutBits - 1;
    return shift * kCuts + (value >> shift);
  }
  static std::uint64_t lowest_in(std::size_t bucket) noexcept {
    if (bucket < kCuts) {
      return bucket;
    }
    const std::size_t shift = bucket / kCuts - 1;
    return (bucket - shift * kCuts) << shift;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace limpet::bench
