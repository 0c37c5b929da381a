// Reading heads and bodies in tests as the proxy does: gathered over any segmentation, then parsed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_framer.h"
#include "http/head_parser.h"

namespace limpet::http::testing {

struct Gathered {
  HeadEnd::Found found = HeadEnd::Found::NotYet;
  std::size_t size = 0;
};

// Shows `bytes` to a HeadEnd as a buffer that grows by `step` bytes a time.
inline Gathered gather(std::string_view bytes, std::size_t step) {
  HeadEnd end;
  for (std::size_t shown = 0; shown < bytes.size();) {
    shown = std::min(bytes.size(), shown + step);
    if (const auto found = end.look(bytes.substr(0, shown)); found != HeadEnd::Found::NotYet) {
      return {.found = found, .size = end.size()};
    }
  }
  return {};
}

struct ReadRequest {
  std::optional<Refusal> refusal;
  RequestHead head;
};

// `bytes` must outlive the answer, whose views point into it.
inline ReadRequest read_request(std::string_view bytes, const HeadLimits& limits = {}) {
  ReadRequest read;
  read.refusal = parse_request(bytes, limits, read.head);
  return read;
}

struct ReadResponse {
  std::optional<Refusal> refusal;
  ResponseHead head;
};

inline ReadResponse read_response(std::string_view bytes, ResponseContext context = {},
                                  const HeadLimits& limits = {}) {
  ReadResponse read;
  read.refusal = parse_response(bytes, limits, context, read.head);
  return read;
}

struct ReadBody {
  BodyFramer::Step step = BodyFramer::Step::NeedMore;
  std::string data;
  std::size_t consumed = 0;
  std::string trailers;
  std::string fault;

  friend bool operator==(const ReadBody&, const ReadBody&) = default;
};

// Feeds `bytes` in pieces of `step` bytes until the framer is done or gives up.
inline ReadBody read_body(BodyPlan plan, std::string_view bytes, std::size_t step) {
  using Step = BodyFramer::Step;
  BodyFramer framer(plan);
  ReadBody read;
  for (std::size_t at = 0; at <= bytes.size() && read.step != Step::Done && read.step != Step::Malformed;) {
    std::string_view piece = bytes.substr(at, step);
    at += std::max<std::size_t>(piece.size(), 1);
    do {
      const BodyFramer::Piece next = framer.next(piece);
      piece.remove_prefix(next.consumed);
      read.consumed += next.consumed;
      read.data += next.data;
      read.step = next.step;
    } while (read.step == Step::Data);
  }
  read.trailers = framer.trailers();
  read.fault = framer.fault();
  return read;
}

}  // namespace limpet::http::testing
