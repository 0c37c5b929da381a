// Outbox: what waits to be sent on one stream. Bytes go out at once as far as the peer takes them; only the
// rest is copied into borrowed chunks. Its user stops reading the source while anything is pending, which
// bounds it to one read. Owned beside its stream. One thread.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "net/chunk_pool.h"
#include "net/stream.h"

namespace limpet::net {

class Outbox {
 public:
  Outbox() = default;
  ~Outbox();  // requires that the chunks were given back: drop()
  // What was deferred waits for the destination from now on: the new owner was not announced.
  Outbox(Outbox&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
  // Requires that this one is empty.
  Outbox& operator=(Outbox&& other) noexcept {
    first_ = std::exchange(other.first_, nullptr);
    last_ = std::exchange(other.last_, nullptr);
    return *this;
  }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Sends now or keeps. Done: taken over in full (sent or kept); Broken: the stream is, or (ENOMEM) there is
  // no chunk to keep the rest in: bytes are lost, so the connection must end.
  [[nodiscard]] IoResult send(Stream& stream, std::span<const std::uint8_t> bytes);
  // The same, but what is short is kept until the other events of the batch have been told: `owner` hears of
  // it then and calls flush(). Until then it is_deferred().
  [[nodiscard]] IoResult send_soon(Stream& stream, std::span<const std::uint8_t> bytes, BatchEnd& owner);
  [[nodiscard]] bool is_deferred() const noexcept { return deferred_; }
  // The same, and the end of the stream goes with it, unless something of it is kept.
  [[nodiscard]] IoResult send_last(Stream& stream, std::span<const std::uint8_t> bytes);
  // Sends what is kept; `bytes` were taken, whatever the status. Done: nothing is pending any more;
  // WouldBlock: something is.
  [[nodiscard]] IoResult flush(Stream& stream);
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  // How much is kept. Goes through it: for those who look, not for each message.
  [[nodiscard]] std::size_t pending_bytes() const noexcept;
  void drop(ChunkPool& chunks) noexcept;

 private:
  // One write of what is kept, or of its begin. Requires that something is.
  struct Offer {
    std::size_t bytes;
    IoResult result;
  };
  [[nodiscard]] Offer offer(Stream& stream) const;
  // What of `bytes` a write has not taken is kept.
  [[nodiscard]] IoResult keep_rest(Stream& stream, std::span<const std::uint8_t> bytes,
                                   const IoResult& written);
  // False when the pool has no chunk to lend.
  [[nodiscard]] bool keep(ChunkPool& chunks, std::span<const std::uint8_t> bytes);
  void consume(ChunkPool& chunks, std::size_t bytes) noexcept;

  Chunk* first_ = nullptr;  // null = nothing is pending
  Chunk* last_ = nullptr;
  bool deferred_ = false;
};

// What a send() that found no chunk to keep the rest in answers.
[[nodiscard]] constexpr bool is_out_of_chunks(const IoResult& result) noexcept {
  return result.status == IoStatus::Broken && result.error == ENOMEM;
}

}  // namespace limpet::net
