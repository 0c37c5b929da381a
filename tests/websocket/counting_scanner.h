// A FrameScanner with what it counts in.
#pragma once

#include <algorithm>

#include "websocket/frame_scanner.h"

namespace limpet::websocket::testing {

class CountingScanner {
 public:
  CountingScanner() = default;
  // That has looked at all of `bytes`, `step` at a time.
  CountingScanner(std::span<const std::uint8_t> bytes, std::size_t step) {
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      observe(bytes.subspan(at, std::min(step, bytes.size() - at)));
    }
  }
  void observe(std::span<const std::uint8_t> bytes) { scanner_.observe(bytes, tally_); }
  [[nodiscard]] std::size_t observe_to_boundary(std::span<const std::uint8_t> bytes) {
    return scanner_.observe_to_boundary(bytes, tally_);
  }
  [[nodiscard]] std::size_t observe_to_message_end(std::span<const std::uint8_t> bytes) {
    return scanner_.observe_to_message_end(bytes, tally_);
  }

  [[nodiscard]] const FrameScanner* operator->() const noexcept { return &scanner_; }
  [[nodiscard]] const FrameTally& tally() const noexcept { return tally_; }

 private:
  FrameScanner scanner_;
  SizeTally sizes_;
  FrameTally tally_{sizes_};
};

}  // namespace limpet::websocket::testing
