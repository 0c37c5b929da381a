#include "websocket/frame_scanner.h"

#include <algorithm>

#include "websocket/frame_format.h"

namespace limpet::websocket {

namespace {

constexpr unsigned kByteBits = 8;

std::uint64_t read_big_endian(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) {
    number = number << kByteBits | byte;
  }
  return number;
}

}  // namespace

void FrameScanner::observe(std::span<const std::uint8_t> bytes) noexcept {
  while (!bytes.empty() && state_ != State::Lost) {
    std::size_t taken = 0;
    if (state_ == State::Payload) {
      taken = take_payload(bytes.size());
    } else if (state_ == State::Opcode && bytes.size() >= kMaxHeaderBytes) {
      taken = take_whole_frames(bytes);
    } else {
      taken = take_header_byte(bytes.front());
    }
    bytes = bytes.subspan(taken);
  }
}

std::size_t FrameScanner::observe_to_boundary(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size() && !between_frames() && !lost()) {
    at += state_ == State::Payload ? take_payload(bytes.size() - at) : take_header_byte(bytes[at]);
  }
  return at;
}

std::size_t FrameScanner::observe_to_message_end(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size() && !between_messages() && !lost()) {
    at += state_ == State::Payload ? take_payload(bytes.size() - at) : take_header_byte(bytes[at]);
  }
  return at;
}

bool FrameScanner::between_frames() const noexcept {
  return state_ == State::Opcode;
}

bool FrameScanner::between_messages() const noexcept {
  return between_frames() && !in_message_;
}

std::uint64_t FrameScanner::payload_left() const noexcept {
  return state_ == State::Mask || state_ == State::Payload ? payload_left_ : 0;
}

std::uint32_t FrameScanner::messages() const noexcept {
  return messages_;
}

bool FrameScanner::close_seen() const noexcept {
  return close_seen_;
}

bool FrameScanner::has_ended() const noexcept {
  return close_seen_ && between_frames();
}

bool FrameScanner::lost() const noexcept {
  return state_ == State::Lost;
}

// The usual case, without a state a byte: headers that lie in the bytes at hand whatever their form. The
// state is written only where the bytes end inside a payload. Requires to be between frames and
// kMaxHeaderBytes bytes.
std::size_t FrameScanner::take_whole_frames(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t at = 0;
  while (bytes.size() - at >= kMaxHeaderBytes) {
    begin_frame(bytes[at]);
    const std::uint8_t second = bytes[at + 1];
    const auto length_bits = static_cast<std::uint8_t>(second & kLengthBits);
    const std::size_t extended = extended_length_bytes(length_bits);
    const std::uint64_t length =
        extended == 0 ? length_bits : read_big_endian(bytes.subspan(at + kShortHeaderBytes, extended));
    at += kShortHeaderBytes + extended + ((second & kMaskBit) != 0 ? kMaskBytes : 0);
    if ((length & kLengthTopBit) != 0) {
      state_ = State::Lost;
      return at;
    }
    if (length > bytes.size() - at) {
      state_ = State::Payload;
      payload_left_ = length;
      return at;
    }
    at += static_cast<std::size_t>(length);
    end_frame();
  }
  return at;
}

std::size_t FrameScanner::take_header_byte(std::uint8_t byte) noexcept {
  switch (state_) {
    case State::Opcode:
      begin_frame(byte);
      state_ = State::Length;
      break;
    case State::Length: {
      const auto length_bits = static_cast<std::uint8_t>(byte & kLengthBits);
      masked_ = (byte & kMaskBit) != 0;
      header_left_ = static_cast<std::uint8_t>(extended_length_bytes(length_bits));
      payload_left_ = header_left_ == 0 ? length_bits : 0;
      state_ = State::ExtendedLength;
      if (header_left_ == 0) {
        end_length();
      }
      break;
    }
    case State::ExtendedLength:
      payload_left_ = payload_left_ << kByteBits | byte;
      if (--header_left_ == 0) {
        end_length();
      }
      break;
    default:
      if (--header_left_ == 0) {
        enter_payload();
      }
      break;
  }
  return 1;
}

std::size_t FrameScanner::take_payload(std::size_t available) noexcept {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, available));
  payload_left_ -= taken;
  if (payload_left_ == 0) {
    end_frame();
  }
  return taken;
}

void FrameScanner::begin_frame(std::uint8_t first_byte) noexcept {
  first_byte_ = first_byte;
  close_seen_ |= static_cast<Opcode>(first_byte & kOpcodeBits) == Opcode::Close;
}

void FrameScanner::end_length() noexcept {
  if ((payload_left_ & kLengthTopBit) != 0) {
    state_ = State::Lost;
  } else if (masked_) {
    header_left_ = kMaskBytes;
    state_ = State::Mask;
  } else {
    enter_payload();
  }
}

void FrameScanner::enter_payload() noexcept {
  state_ = State::Payload;
  if (payload_left_ == 0) {
    end_frame();
  }
}

void FrameScanner::end_frame() noexcept {
  state_ = State::Opcode;
  // Control frames may stand between the fragments of a message and are none of it (RFC 6455 5.4).
  if ((first_byte_ & kControlBit) != 0) {
    return;
  }
  in_message_ = (first_byte_ & kFinBit) == 0;
  messages_ += in_message_ ? 0 : 1;
}

}  // namespace limpet::websocket
