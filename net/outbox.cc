#include "net/outbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace limpet::net {

Outbox::~Outbox() {
  LIMPET_ASSERT(first_ == nullptr, "an outbox gives its chunks back before it goes");
}

IoResult Outbox::send(Stream& stream, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) {
    return {IoStatus::Done, 0, 0};
  }
  return keep_rest(stream, bytes, empty() ? stream.write(bytes) : IoResult{});
}

IoResult Outbox::send_soon(Stream& stream, std::span<const std::uint8_t> bytes, BatchEnd& owner) {
  Loop& loop = stream.loop();
  if (bytes.size() > Loop::kShortBytes || !loop.hears_several() || !empty() || !keep(loop.chunks(), bytes)) {
    return send(stream, bytes);
  }
  deferred_ = !empty();
  loop.at_batch_end(owner);
  return {IoStatus::Done, bytes.size(), 0};
}

IoResult Outbox::send_last(Stream& stream, std::span<const std::uint8_t> bytes) {
  return keep_rest(stream, bytes, empty() ? stream.write_last(bytes) : IoResult{});
}

IoResult Outbox::keep_rest(Stream& stream, std::span<const std::uint8_t> bytes, const IoResult& written) {
  if (written.status == IoStatus::Broken) {
    return written;
  }
  if (written.bytes < bytes.size() && !keep(stream.loop().chunks(), bytes.subspan(written.bytes))) {
    return {IoStatus::Broken, written.bytes, ENOMEM};
  }
  return {IoStatus::Done, bytes.size(), 0};
}

bool Outbox::keep(ChunkPool& chunks, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (last_ == nullptr || last_->end == Chunk::kBytes) {
      Chunk* const fresh = chunks.borrow();
      if (fresh == nullptr) {
        return false;
      }
      (last_ == nullptr ? first_ : last_->next) = fresh;
      last_ = fresh;
    }
    const std::size_t part = std::min(bytes.size(), Chunk::kBytes - last_->end);
    std::memcpy(last_->bytes.data() + last_->end, bytes.data(), part);
    last_->end += static_cast<std::uint32_t>(part);
    bytes = bytes.subspan(part);
  }
  return true;
}

Outbox::Offer Outbox::offer(Stream& stream) const {
  if (first_->next == nullptr) {
    const auto only = first_->filled();
    return {only.size(), stream.write(only)};
  }
  constexpr std::size_t kParts = 16;
  std::array<iovec, kParts> parts;  // NOLINT: what is counted is filled
  std::size_t count = 0;
  std::size_t total = 0;
  for (Chunk* chunk = first_; chunk != nullptr && count < kParts; chunk = chunk->next) {
    parts[count] = iovec{chunk->bytes.data() + chunk->begin, chunk->end - chunk->begin};
    total += parts[count].iov_len;
    ++count;
  }
  return {total, stream.write(std::span<const iovec>(parts.data(), count))};
}

IoResult Outbox::flush(Stream& stream) {
  std::size_t moved = 0;
  deferred_ = false;
  while (first_ != nullptr) {
    const auto [offered, result] = offer(stream);
    if (result.status != IoStatus::Done) {
      return {result.status, moved, result.error};
    }
    moved += result.bytes;
    consume(stream.loop().chunks(), result.bytes);
    if (result.bytes < offered) {
      return {IoStatus::WouldBlock, moved, 0};
    }
  }
  return {IoStatus::Done, moved, 0};
}

void Outbox::consume(ChunkPool& chunks, std::size_t bytes) noexcept {
  while (bytes > 0) {
    const std::size_t part = std::min<std::size_t>(bytes, first_->end - first_->begin);
    first_->begin += static_cast<std::uint32_t>(part);
    bytes -= part;
    if (first_->begin == first_->end) {
      Chunk* const spent = first_;
      first_ = spent->next;
      chunks.give_back(spent);
    }
  }
  if (first_ == nullptr) {
    last_ = nullptr;
  }
}

std::size_t Outbox::pending_bytes() const noexcept {
  std::size_t sum = 0;
  for (const Chunk* chunk = first_; chunk != nullptr; chunk = chunk->next) {
    sum += chunk->filled().size();
  }
  return sum;
}

void Outbox::drop(ChunkPool& chunks) noexcept {
  while (first_ != nullptr) {
    Chunk* const next = first_->next;
    chunks.give_back(first_);
    first_ = next;
  }
  last_ = nullptr;
  deferred_ = false;
}

}  // namespace limpet::net
