// Reading heads: find where one ends, then parse exactly those bytes. Our own byte scan (head_scan.h) refuses
// first, then llhttp reads the same bytes (second_opinion.h); what the two disagree about is refused. RFC
// 9112 2.2 - 6, RFC 9110 5. Pure. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/close_reason.h"
#include "http/head.h"

namespace limpet::http {

// Why a head was refused. `reason` is MalformedRequest, HeadTooLarge or (responses) BadAnswer.
struct Refusal {
  CloseReason reason = CloseReason::MalformedRequest;
  std::string_view detail;  // static text: the rule that was broken
};

// Looks for the blank line that ends a head, over input that arrives in pieces, looking at each byte once.
class HeadEnd {
 public:
  enum class Found : std::uint8_t { NotYet, Complete, Malformed };
  // `gathered`: all bytes since the start of the head; each call may only have grown it at its end.
  // Malformed: a line ended by LF alone was seen, so that CR LF CR LF may never come.
  [[nodiscard]] Found look(std::string_view gathered) noexcept;
  // After Complete: the bytes of the head with its blank line.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void reset() noexcept { *this = HeadEnd{}; }

 private:
  std::size_t seen_ = 0;
  std::size_t size_ = 0;
};

// `head`: exactly the bytes up to and with the blank line (one empty line before the request line is
// allowed). Fills `out`, whose views point into `head`. Empty answer = accepted.
[[nodiscard]] std::optional<Refusal> parse_request(std::string_view head, const HeadLimits& limits,
                                                   RequestHead& out);

struct ResponseContext {
  bool to_head_request = false;  // the request was HEAD: no body whatever the fields say
};
[[nodiscard]] std::optional<Refusal> parse_response(std::string_view head, const HeadLimits& limits,
                                                    ResponseContext context, ResponseHead& out);

}  // namespace limpet::http
