// WirePeer: one end of a scripted connection. Unlike Wire it never fails a test: what goes wrong is an
// answer. Test thread.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/wire.h"

namespace limpet::test {

// With `merge_chunks` the same whatever the borders of its chunks: when every byte has a send() of its own,
// every byte becomes a chunk of its own.
[[nodiscard]] std::string normalised(std::string_view bytes, bool merge_chunks);

class WirePeer {
 public:
  explicit WirePeer(Wire wire);

  // Some pieces may never leave: the other end may have closed for good reason, which what is heard tells.
  void say(std::string_view bytes, bool in_pieces);
  // True when exactly this is heard next; what is behind it waits.
  [[nodiscard]] bool hears(std::string_view expected, bool merge_chunks);
  // What is heard until the other end closes; false when it does not.
  [[nodiscard]] bool hears_the_end();
  [[nodiscard]] const std::string& heard() const noexcept { return heard_; }
  [[nodiscard]] WireEnd end() const noexcept { return end_; }

  void finish_sending() { wire_.finish_sending(); }
  void reset() { wire_.reset(); }
  void close() { wire_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return wire_.native() >= 0; }

 private:
  // False when the patience runs out or the end was heard.
  bool listen();

  Wire wire_;
  std::string heard_;  // and not expected yet; "*" stands for the random value of the affinity cookie
  WireEnd end_ = WireEnd::StillOpen;
};

}  // namespace limpet::test
