#include "admin/request_reader.h"

#include <utility>

namespace limpet::admin {

RequestReader::Step RequestReader::next() {
  return in_body_ ? read_body() : read_head();
}

RequestReader::Step RequestReader::read_head() {
  keeps_alive_ = false;
  is_head_method_ = false;
  const http::HeadEnd::Found found = head_end_.look(inbox_);
  if (found == http::HeadEnd::Found::Malformed) {
    return refuse(CloseReason::MalformedRequest, "a line of the request head does not end with CR LF");
  }
  const bool complete = found == http::HeadEnd::Found::Complete;
  if ((complete ? head_end_.size() : inbox_.size()) > kHeadLimits.bytes) {
    return refuse(CloseReason::HeadTooLarge, {});
  }
  if (!complete) {
    return Step::NeedMore;
  }
  head_text_ = inbox_.substr(0, head_end_.size());
  inbox_.erase(0, head_end_.size());
  head_end_.reset();
  if (const auto refused = http::parse_request(head_text_, kHeadLimits, request_)) {
    return refuse(refused->reason, refused->detail);
  }
  is_head_method_ = request_.is_head();
  return begin_body();
}

RequestReader::Step RequestReader::begin_body() {
  if (auto refusal = check_request(request_, access_)) {
    return refuse(std::move(*refusal));
  }
  most_body_bytes_ = body_bound_ ? body_bound_(request_) : kMostBodyBytes;
  if (request_.body.framing == http::Framing::Length && request_.body.length > most_body_bytes_) {
    return refuse_body();
  }
  keeps_alive_ = request_.keep_alive;
  framer_ = http::BodyFramer(request_.body);
  body_.clear();
  in_body_ = true;
  const bool asks = request_.fields.has_token("Expect", "100-continue");
  return asks && !framer_.done() ? Step::AwaitsGo : read_body();
}

RequestReader::Step RequestReader::read_body() {
  for (;;) {
    const http::BodyFramer::Piece piece = framer_.next(inbox_);
    body_.append(piece.data);
    inbox_.erase(0, piece.consumed);
    if (body_.size() > most_body_bytes_) {
      return refuse_body();
    }
    switch (piece.step) {
      case http::BodyFramer::Step::Data:
        break;
      case http::BodyFramer::Step::NeedMore:
        return Step::NeedMore;
      case http::BodyFramer::Step::Done:
        in_body_ = false;
        return Step::Complete;
      case http::BodyFramer::Step::Malformed:
        return refuse(CloseReason::MalformedBody, framer_.fault());
    }
  }
}

RequestReader::Step RequestReader::refuse(Refusal refusal) {
  refusal_ = std::move(refusal);
  keeps_alive_ = false;
  inbox_.clear();
  return Step::Refused;
}

RequestReader::Step RequestReader::refuse_body() {
  constexpr std::size_t kKiB = 1024;
  return refuse({413, "body_too_large",
                 "the body of this call has at most " + std::to_string(most_body_bytes_ / kKiB) + " KiB"});
}

RequestReader::Step RequestReader::refuse(CloseReason reason, std::string_view detail) {
  const auto& row = describe(reason);
  return refuse({row.status, std::string(row.word), std::string(detail.empty() ? row.phrase : detail)});
}

}  // namespace limpet::admin
