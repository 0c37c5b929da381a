#include "http/body_framer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.h"

namespace limpet::http {

BodyFramer::BodyFramer(BodyPlan plan) noexcept : left_(plan.length), framing_(plan.framing) {
  const bool is_empty = framing_ == Framing::None || (framing_ == Framing::Length && left_ == 0);
  if (is_empty) {
    state_ = State::Done;
  } else {
    state_ = framing_ == Framing::Chunked ? State::SizeLine : State::Data;
  }
}

BodyFramer::Piece BodyFramer::next(std::string_view input) {
  std::size_t used = 0;
  while (in_markup() && used < input.size()) {
    used += read_markup(input.substr(used));
  }
  if (state_ == State::Done) {
    return {.step = Step::Done, .consumed = used, .data = {}};
  }
  if (state_ == State::Malformed) {
    return {.step = Step::Malformed, .consumed = used, .data = {}};
  }
  if (used == input.size()) {
    return {.step = Step::NeedMore, .consumed = used, .data = {}};
  }
  const std::string_view data = take_data(input.substr(used));
  return {.step = Step::Data, .consumed = used + data.size(), .data = data};
}

bool BodyFramer::complete_at_end() const noexcept {
  return framing_ == Framing::UntilClose || done();
}

bool BodyFramer::done() const noexcept {
  return state_ == State::Done;
}

Framing BodyFramer::framing() const noexcept {
  return framing_;
}

std::string_view BodyFramer::trailers() const noexcept {
  return done() ? trailers_.text() : std::string_view{};
}

std::string_view BodyFramer::fault() const noexcept {
  return fault_;
}

bool BodyFramer::in_markup() const noexcept {
  return state_ != State::Data && state_ != State::Done && state_ != State::Malformed;
}

std::size_t BodyFramer::read_markup(std::string_view input) {
  switch (state_) {
    case State::SizeLine:
      return read_size_line(input);
    case State::DataCr:
      return expect(input.front(), '\r', State::DataLf);
    case State::DataLf:
      return expect(input.front(), '\n', State::SizeLine);
    default:
      return read_trailers(input);
  }
}

std::size_t BodyFramer::read_size_line(std::string_view input) {
  const ChunkLine::Answer answer = line_.read(input);
  if (!answer.fault.empty()) {
    break_off(answer.fault);
  } else if (answer.complete) {
    left_ = line_.size();
    state_ = left_ == 0 ? State::Trailers : State::Data;
  }
  return answer.consumed;
}

std::size_t BodyFramer::read_trailers(std::string_view input) {
  const TrailerSection::Answer answer = trailers_.read(input);
  if (!answer.fault.empty()) {
    break_off(answer.fault);
  } else if (answer.complete) {
    state_ = State::Done;
  }
  return answer.consumed;
}

std::size_t BodyFramer::expect(char got, char wanted, State next_state) {
  if (got == wanted) {
    state_ = next_state;
  } else {
    break_off("a chunk is not ended by CR LF");
  }
  return 1;
}

std::string_view BodyFramer::take_data(std::string_view input) noexcept {
  if (framing_ == Framing::UntilClose) {
    return input;
  }
  const std::string_view data =
      input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  left_ -= data.size();
  if (left_ == 0) {
    state_ = framing_ == Framing::Chunked ? State::DataCr : State::Done;
  }
  return data;
}

void BodyFramer::break_off(Fault fault) noexcept {
  state_ = State::Malformed;
  fault_ = fault;
}

void append_chunk(std::string& out, std::string_view data) {
  LIMPET_ASSERT(!data.empty(), "an empty chunk would end the body");
  constexpr int kHexadecimal = 16;
  std::array<char, 16> digits{};  // of any 64-bit number
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), kHexadecimal);
  out.append(digits.data(), written.ptr).append("\r\n").append(data).append("\r\n");
}

void append_last_chunk(std::string& out, std::string_view trailers) {
  out.append("0\r\n").append(trailers).append("\r\n");
}

}  // namespace limpet::http
