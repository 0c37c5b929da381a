// SessionSweep: finds the worst of all live sessions by going through them page by page, again and again, so
// that a hundred thousand sessions cost the endpoint no more a second than a thousand. Pure. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "console/json.h"

namespace limpet::console {

struct TopSession {
  std::uint64_t id = 0;
  std::string client;  // texts are printable
  std::string backend;
  std::string pool;
  std::string key;
  double age_s = 0;
  double idle_s = 0;
  double messages = 0;
  double bytes = 0;
  double queued = 0;  // bytes that wait in limpet for a slow end
};

enum class SessionOrder : std::uint8_t { Bytes, Age, Queue, kCount };

[[nodiscard]] std::string_view word(SessionOrder order) noexcept;
// The worse, the larger.
[[nodiscard]] double badness(const TopSession& session, SessionOrder order) noexcept;

class SessionSweep {
 public:
  // So many of each order are kept.
  static constexpr std::size_t kKept = 100;

  void add(const Json& page);
  // Begins anew: only sessions that have `words` in client, backend, pool or key count.
  void filter(std::string words);

  // To go on with; empty = from the start.
  [[nodiscard]] const std::string& cursor() const noexcept { return cursor_; }
  // Of the last way through all of them, as far as this one has not come to them, and of this one.
  [[nodiscard]] std::vector<TopSession> worst() const;
  [[nodiscard]] std::size_t looked_at() const noexcept { return looked_at_; }

 private:
  std::string words_;
  std::string cursor_;
  std::size_t looked_at_ = 0;
  std::size_t counted_ = 0;  // of the way under way
  std::vector<TopSession> now_;
  std::vector<TopSession> before_;
};

}  // namespace limpet::console
