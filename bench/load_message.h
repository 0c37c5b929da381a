// NumberedMessage: a message of one session, numbered anew before every use, and how far its copy has come
// back. The number tells it from a stale one, a lost one and another session's. Pure. Used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace limpet::bench {

class NumberedMessage {
 public:
  // `session` goes into the number and picks the other bytes of the payload.
  NumberedMessage(std::size_t session, std::size_t payload_bytes);

  // Goes to the next number; nothing of it has come yet.
  void advance() noexcept;
  // The message as a client sends it.
  [[nodiscard]] std::string_view frame() const noexcept { return frame_; }
  // As the backend sends it: unmasked, and with a shorter header.
  [[nodiscard]] std::string_view copy() const noexcept { return copy_; }
  // Bytes of the copy that are still to come.
  [[nodiscard]] std::size_t missing_bytes() const noexcept { return copy_.size() - seen_; }
  // Counts `bytes` as come. False when they are not the next ones of the copy.
  [[nodiscard]] bool take(std::span<const char> bytes) noexcept;

 private:
  std::uint64_t number_;
  std::size_t payload_bytes_;
  std::string frame_;  // masked
  std::string copy_;
  std::size_t seen_ = 0;
};

}  // namespace limpet::bench
