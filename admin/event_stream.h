// GET /v1/stream: what there is to see, as server-sent events (HTML Living Standard 9.2): `status`,
// `backends`, `history` and `events`, each with the JSON that the call of that name answers, as it changes.
// Control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "admin/source.h"
#include "base/clock.h"

namespace limpet::admin {

// The numbers of what the caller has seen of either; 0 = nothing.
struct StreamQuery {
  std::uint64_t history = 0;
  std::uint64_t events = 0;
};

// StreamTexts: what is the same for all streams. However many there are, it is made once a round.
class StreamTexts {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(1);

  void look(const Source& source, Instant now);
  [[nodiscard]] const std::string& status() const noexcept { return status_; }
  [[nodiscard]] const std::string& backends() const noexcept { return backends_; }
  // Another one whenever the text is; never 0 after a look.
  [[nodiscard]] std::uint64_t backends_version() const noexcept { return backends_version_; }

 private:
  std::string status_;
  std::string backends_;
  std::uint64_t backends_version_ = 0;
  Instant looked_{};
};

class EventStream {
 public:
  EventStream(const StreamQuery& seen, StreamTexts& texts) noexcept : seen_(seen), texts_(texts) {}

  // What is new since the last call, the status always; the first time all of it.
  [[nodiscard]] std::string next(const Source& source, Instant now);

 private:
  StreamQuery seen_;
  StreamTexts& texts_;
  std::uint64_t backends_version_ = 0;
  bool has_begun_ = false;
};

}  // namespace limpet::admin
