#include "bench/echo_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace limpet::bench {

namespace {

constexpr std::uint64_t kMaxPayloadBytes = 64U << 20U;  // one frame is gathered whole before it goes back
constexpr std::size_t kMaxHeadBytes = 16384;
constexpr unsigned kBitsPerByte = 8;

constexpr Opcode answer_to(Opcode opcode) noexcept {
  return opcode == Opcode::Ping ? Opcode::Pong : opcode;
}

constexpr std::array<std::pair<std::string_view, Role>, 3> kRoles = {{
    {kEchoPath, Role::Echo},
    {kStreamPath, Role::Stream},
    {kFanOutPath, Role::FanOut},
}};

// Any other path echoes.
Role role_of(std::string_view head) noexcept {
  static_cast<void>(take_until(head, ' '));  // the method
  const std::string_view path = take_until(head, ' ');
  const auto* const found = std::ranges::find(kRoles, path, &std::pair<std::string_view, Role>::first);
  return found == kRoles.end() ? Role::Echo : found->second;
}

}  // namespace

bool FrameEcho::consume(std::span<char> bytes, std::string& out) {
  while (!bytes.empty()) {
    if (remaining_ > 0) {
      take_payload(bytes, out);
    } else if (!take_header(bytes, out)) {
      return false;
    }
  }
  return true;
}

std::size_t FrameEcho::header_bytes_needed() const noexcept {
  constexpr std::size_t kShortest = 2 + sizeof(MaskKey);
  if (have_ < 2) {
    return 2;
  }
  const unsigned length = header_[1] & kLengthBits;
  return length == kLength64   ? kShortest + sizeof(std::uint64_t)
         : length == kLength16 ? kShortest + sizeof(std::uint16_t)
                               : kShortest;
}

bool FrameEcho::take_header(std::span<char>& bytes, std::string& out) {
  while (have_ < header_bytes_needed()) {
    const std::size_t take = std::min(header_bytes_needed() - have_, bytes.size());
    if (take == 0) {
      return true;
    }
    std::copy_n(bytes.begin(), take, header_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += take;
    bytes = bytes.subspan(take);
  }
  return begin_payload(out);
}

bool FrameEcho::begin_payload(std::string& out) {
  if (closed_ || (header_[1] & kMaskBit) == 0) {
    return false;
  }
  const std::size_t mask_at = have_ - mask_.size();
  std::uint64_t length = header_[1] & kLengthBits;
  if (length >= kLength16) {
    length = 0;
    for (std::size_t i = 2; i < mask_at; ++i) {
      length = length << kBitsPerByte | header_[i];
    }
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(mask_at), mask_.size(), mask_.begin());
  const auto opcode = static_cast<Opcode>(header_[0] & kOpcodeBits);
  const unsigned fin = header_[0] & kFinBit;
  append_frame_header(out, static_cast<std::uint8_t>(fin | static_cast<unsigned>(answer_to(opcode))), length);
  closed_ = opcode == Opcode::Close;
  have_ = 0;
  remaining_ = length;
  offset_ = 0;
  return length <= kMaxPayloadBytes;
}

void FrameEcho::take_payload(std::span<char>& bytes, std::string& out) {
  const auto piece = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size())));
  apply_mask(piece, mask_, offset_);
  out.append(piece.data(), piece.size());
  offset_ += piece.size();
  remaining_ -= piece.size();
  bytes = bytes.subspan(piece.size());
}

bool EchoConnection::on_readable(std::span<char> scratch) {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (got <= 0) {
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }
  const auto bytes = scratch.first(static_cast<std::size_t>(got));
  if (upgraded_) {
    return take_frames(bytes);
  }
  head_.append(bytes.data(), bytes.size());
  return take_requests() && flush();
}

bool EchoConnection::take_frames(std::span<char> bytes) {
  if (!echo_.consume(bytes, out_)) {
    return false;
  }
  ends_after_flush_ = echo_.closed();
  // A server answers messages, not fragments of them: the proxy must not be fed in smaller pieces than it
  // sent.
  has_message_ = role_ == Role::FanOut && echo_.between_frames() && !ends_after_flush_;
  if (!echo_.between_frames() || has_message_) {
    return true;
  }
  is_streaming_ = role_ == Role::Stream && !ends_after_flush_;
  return flush();
}

bool EchoConnection::take_requests() {
  while (!upgraded_) {
    const std::size_t length = head_length(head_);
    if (length == 0) {
      return head_.size() <= kMaxHeadBytes;
    }
    answer(std::string_view(head_).substr(0, length));
    head_.erase(0, length);
  }
  // Frames may have come right behind the upgrade request; only an echo may follow the 101 in one piece.
  std::string early = std::exchange(head_, {});
  return early.empty() || (role_ == Role::Echo && echo_.consume(early, out_));
}

void EchoConnection::answer(std::string_view head) {
  if (iequals(header_value(head, "Upgrade"), "websocket")) {
    upgraded_ = true;
    role_ = role_of(head);
    out_ += fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(header_value(head, "Sec-WebSocket-Key")));
    return;
  }
  ends_after_flush_ = iequals(header_value(head, "Connection"), "close");
  out_ += fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                      kSmallBody.size(), kSmallBody);
}

bool EchoConnection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t put = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (put < 0) {
      is_blocked_ = true;
      return errno == EAGAIN || errno == EINTR;
    }
    sent_ += static_cast<std::size_t>(put);
  }
  sent_ = 0;
  is_blocked_ = is_streaming_;
  if (is_streaming_) {
    const auto payload = std::span(out_).last(static_cast<std::size_t>(echo_.payload_bytes()));
    write_number(payload, read_number(payload) + 1);
    return true;
  }
  out_.clear();
  return !ends_after_flush_;
}

std::string EchoConnection::take_message() {
  return std::exchange(has_message_, false) ? std::exchange(out_, {}) : std::string();
}

bool EchoConnection::send(std::string_view message) {
  out_ += message;
  return flush();
}

}  // namespace limpet::bench
