#include "websocket/frame_scanner.h"

#include <algorithm>
#include <limits>

#include "websocket/frame_format.h"

namespace limpet::websocket {

namespace {

constexpr unsigned kByteBits = 8;
constexpr std::uint8_t kCodeBytes = 2;

std::uint64_t read_big_endian(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) {
    number = number << kByteBits | byte;
  }
  return number;
}

}  // namespace

void FrameScanner::observe(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept {
  while (!bytes.empty() && state_ != State::Lost) {
    const bool is_usual = state_ == State::Opcode && bytes.size() >= kMaxHeaderBytes;
    bytes = bytes.subspan(is_usual ? take_whole_frames(bytes, tally) : take_one(bytes, tally));
  }
}

std::size_t FrameScanner::observe_to_boundary(std::span<const std::uint8_t> bytes,
                                              FrameTally& tally) noexcept {
  std::size_t at = 0;
  while (at < bytes.size() && !between_frames() && !lost()) {
    at += take_one(bytes.subspan(at), tally);
  }
  return at;
}

std::size_t FrameScanner::observe_to_message_end(std::span<const std::uint8_t> bytes,
                                                 FrameTally& tally) noexcept {
  std::size_t at = 0;
  while (at < bytes.size() && !between_messages() && !lost()) {
    at += take_one(bytes.subspan(at), tally);
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
  return state_ >= State::Mask && state_ <= State::Payload ? payload_left_ : 0;
}

std::uint32_t FrameScanner::messages() const noexcept {
  return messages_;
}

bool FrameScanner::close_seen() const noexcept {
  return close_seen_;
}

std::uint16_t FrameScanner::close_code() const noexcept {
  const bool is_known = state_ == State::Opcode || state_ == State::Payload || !is_close();
  return is_known ? close_code_ : 0;
}

bool FrameScanner::has_ended() const noexcept {
  return close_seen_ && between_frames();
}

bool FrameScanner::lost() const noexcept {
  return state_ == State::Lost;
}

// The usual case, without a state a byte: headers that lie in the bytes at hand whatever their form. The
// state is written only where the bytes end inside a payload, and behind the first byte of a Close, whose
// code is read byte by byte. Requires to be between frames and kMaxHeaderBytes bytes.
std::size_t FrameScanner::take_whole_frames(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept {
  std::size_t at = 0;
  while (bytes.size() - at >= kMaxHeaderBytes) {
    begin_frame(bytes[at], tally);
    if (is_close()) {
      state_ = State::Length;
      return at + 1;
    }
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
    note_length(length);
    if (length > bytes.size() - at) {
      state_ = State::Payload;
      payload_left_ = length;
      return at;
    }
    at += static_cast<std::size_t>(length);
    end_frame(tally);
  }
  return at;
}

// A byte of a header, or as much of the payload as there is.
std::size_t FrameScanner::take_one(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept {
  if (state_ == State::Payload) {
    return take_payload(bytes.size(), tally);
  }
  take_header_byte(bytes.front(), tally);
  return 1;
}

void FrameScanner::take_header_byte(std::uint8_t byte, FrameTally& tally) noexcept {
  switch (state_) {
    case State::Opcode:
      begin_frame(byte, tally);
      state_ = State::Length;
      break;
    case State::Length: {
      const auto length_bits = static_cast<std::uint8_t>(byte & kLengthBits);
      masked_ = (byte & kMaskBit) != 0;
      header_left_ = static_cast<std::uint8_t>(extended_length_bytes(length_bits));
      payload_left_ = header_left_ == 0 ? length_bits : 0;
      state_ = State::ExtendedLength;
      if (header_left_ == 0) {
        end_length(tally);
      }
      break;
    }
    case State::ExtendedLength:
      payload_left_ = payload_left_ << kByteBits | byte;
      if (--header_left_ == 0) {
        end_length(tally);
      }
      break;
    case State::Mask:
      if (is_close() && header_left_ > kMaskBytes - kCodeBytes) {
        close_code_ = static_cast<std::uint16_t>(close_code_ << kByteBits | byte);
      }
      if (--header_left_ == 0) {
        enter_payload(tally);
      }
      break;
    default:
      take_close_code(byte, tally);
      break;
  }
}

std::size_t FrameScanner::take_payload(std::size_t available, FrameTally& tally) noexcept {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, available));
  payload_left_ -= taken;
  if (payload_left_ == 0) {
    end_frame(tally);
  }
  return taken;
}

void FrameScanner::take_close_code(std::uint8_t byte, FrameTally& tally) noexcept {
  --header_left_;
  --payload_left_;
  close_code_ ^= static_cast<std::uint16_t>(byte << (kByteBits * header_left_));
  if (header_left_ == 0) {
    state_ = State::Payload;
    if (payload_left_ == 0) {
      end_frame(tally);
    }
  }
}

void FrameScanner::begin_frame(std::uint8_t first_byte, FrameTally& tally) noexcept {
  tally.frames[first_byte & kOpcodeBits].add();
  first_byte_ = first_byte;
  if (is_close()) {
    // Of several Closes the first counts, the others are any control frame.
    first_byte_ = close_seen_ ? kControlBit | kOpcodeBits : first_byte;
    close_seen_ = true;
  }
}

bool FrameScanner::is_close() const noexcept {
  return static_cast<Opcode>(first_byte_ & kOpcodeBits) == Opcode::Close;
}

void FrameScanner::note_length(std::uint64_t length) noexcept {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t of_message = (first_byte_ & kControlBit) != 0 ? 0 : length;
  message_bytes_ = static_cast<std::uint32_t>(std::min(message_bytes_ + of_message, kMost));
}

void FrameScanner::end_length(FrameTally& tally) noexcept {
  if ((payload_left_ & kLengthTopBit) != 0) {
    state_ = State::Lost;
    return;
  }
  note_length(payload_left_);
  if (masked_) {
    header_left_ = kMaskBytes;
    state_ = State::Mask;
  } else {
    enter_payload(tally);
  }
}

void FrameScanner::enter_payload(FrameTally& tally) noexcept {
  state_ = State::Payload;
  if (is_close() && payload_left_ >= kCodeBytes) {
    header_left_ = kCodeBytes;
    state_ = State::CloseCode;
  } else if (is_close()) {
    close_code_ = 0;  // it has none
  }
  if (payload_left_ == 0) {
    end_frame(tally);
  }
}

void FrameScanner::end_frame(FrameTally& tally) noexcept {
  state_ = State::Opcode;
  // Control frames may stand between the fragments of a message and are none of it (RFC 6455 5.4).
  if ((first_byte_ & kControlBit) != 0) {
    return;
  }
  in_message_ = (first_byte_ & kFinBit) == 0;
  if (!in_message_) {
    ++messages_;
    tally.messages.add();
    tally.sizes->note(message_bytes_);
    message_bytes_ = 0;
  }
}

}  // namespace limpet::websocket
