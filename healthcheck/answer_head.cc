#include "healthcheck/answer_head.h"

namespace limpet::healthcheck {

namespace {

constexpr http::HeadLimits kLimits{};  // 16 KiB, 100 fields
// A backend that sends more interim answers than this to a plain GET is not answering it.
constexpr unsigned kMostInterims = 8;

constexpr int kSwitchingProtocols = 101;
constexpr int kFirstFinalStatus = 200;

bool is_interim(int status) noexcept {
  return status < kFirstFinalStatus && status != kSwitchingProtocols;
}

}  // namespace

AnswerHead::Found AnswerHead::malformed(std::string_view fault) noexcept {
  fault_ = fault;
  return Found::Malformed;
}

AnswerHead::Found AnswerHead::take(std::string_view bytes) {
  gathered_.append(bytes);
  while (true) {
    const unsigned interims = interims_;
    const Found found = take_one();
    if (found != Found::NotYet || interims_ == interims) {
      return found;
    }
  }
}

AnswerHead::Found AnswerHead::take_one() {
  const http::HeadEnd::Found end = end_.look(gathered_);
  if (end == http::HeadEnd::Found::Malformed) {
    return malformed("a line is ended by LF alone");
  }
  if (end == http::HeadEnd::Found::NotYet) {
    return gathered_.size() < kLimits.bytes ? Found::NotYet : malformed("the head has too many bytes");
  }
  const auto refusal =
      http::parse_response(std::string_view(gathered_).substr(0, end_.size()), kLimits, {}, head_);
  if (refusal) {
    return malformed(refusal->detail);
  }
  if (!is_interim(head_.status)) {
    return Found::Complete;
  }
  if (++interims_ > kMostInterims) {
    return malformed("too many interim answers");
  }
  gathered_.erase(0, end_.size());
  end_.reset();
  return Found::NotYet;
}

}  // namespace limpet::healthcheck
