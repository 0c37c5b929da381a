#include "bench/load_message.h"

#include <algorithm>
#include <cstring>

#include "bench/load_client.h"
#include "bench/wire.h"

namespace limpet::bench {

namespace {

constexpr unsigned kSessionShift = 40;  // session number above, message number below

}  // namespace

NumberedMessage::NumberedMessage(std::size_t session, std::size_t payload_bytes)
    : number_(static_cast<std::uint64_t>(session) << kSessionShift), payload_bytes_(payload_bytes) {
  std::string payload(payload_bytes, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>('a' + (i + session) % ('z' - 'a' + 1));
  }
  write_number(payload, number_);
  frame_ = make_frame(Opcode::Binary, payload, kClientMask);
  copy_ = make_frame(Opcode::Binary, payload);
}

void NumberedMessage::advance() noexcept {
  ++number_;
  seen_ = 0;
  write_number(std::span(copy_).last(payload_bytes_), number_);
  const auto masked = std::span(frame_).last(payload_bytes_);
  write_number(masked, number_);
  apply_mask(masked.first(std::min(sizeof(number_), payload_bytes_)), kClientMask, 0);
}

bool NumberedMessage::take(std::span<const char> bytes) noexcept {
  if (bytes.size() > missing_bytes() || std::memcmp(copy_.data() + seen_, bytes.data(), bytes.size()) != 0) {
    return false;
  }
  seen_ += bytes.size();
  return true;
}

}  // namespace limpet::bench
