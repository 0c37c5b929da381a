// AnswerHead: gathers the head of the answer to a probe over any segmentation, bounded, and steps over
// interim (1xx) answers. Owned by a dialogue. Pure. One thread.
#pragma once

#include <string>
#include <string_view>

#include "http/head_parser.h"

namespace limpet::healthcheck {

class AnswerHead {
 public:
  enum class Found : std::uint8_t { NotYet, Complete, Malformed };

  AnswerHead() = default;
  AnswerHead(const AnswerHead&) = delete;  // the head points into the gathered bytes
  AnswerHead& operator=(const AnswerHead&) = delete;

  // The next bytes. Not to be called again after Complete or Malformed.
  [[nodiscard]] Found take(std::string_view bytes);
  // After Complete; points into this object.
  [[nodiscard]] const http::ResponseHead& head() const noexcept { return head_; }
  // After Complete: what came behind the head.
  [[nodiscard]] std::string_view rest() const noexcept {
    return std::string_view(gathered_).substr(end_.size());
  }
  // After Malformed: the rule that was broken.
  [[nodiscard]] std::string_view fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] Found malformed(std::string_view fault) noexcept;
  // Looks at what is gathered. NotYet may mean that an interim answer was taken off and there is more to look
  // at.
  [[nodiscard]] Found take_one();

  std::string gathered_;
  http::HeadEnd end_;
  http::ResponseHead head_;
  std::string_view fault_;
  unsigned interims_ = 0;
};

}  // namespace limpet::healthcheck
