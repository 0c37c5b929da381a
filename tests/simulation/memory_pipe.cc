#include "tests/simulation/memory_pipe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace limpet::test {

namespace {

using net::IoResult;
using net::IoStatus;

// Any moment will do: nothing in limpet asks what time it is since boot.
constexpr Instant kBegin{std::chrono::hours(1)};
constexpr int kMostTurns = 20'000;
constexpr std::size_t kSpare = 16;
constexpr std::size_t kWorthCutting = 4096;

}  // namespace

ManualLoop::ManualLoop()
    : Loop(kBegin), now_(kBegin), pool_(std::make_unique<ObjectPool<MemoryStream>>(kSpare)) {}

ManualLoop::~ManualLoop() {
  free_buried();
  sweep_closed();
}

net::StreamPtr ManualLoop::open(PipePtr pipe) {
  MemoryStream* const stream = pool_->make(*this, std::move(pipe));
  streams_.push_back(stream);
  return net::StreamPtr(stream);
}

bool ManualLoop::turn() {
  bool told = false;
  // Streams that are opened meanwhile wait for the next turn.
  const std::vector<MemoryStream*> present = streams_;
  begin_batch(static_cast<int>(std::count_if(present.begin(), present.end(),
                                             [](const MemoryStream* stream) { return stream->is_ready(); })));
  for (MemoryStream* const stream : present) {
    told |= stream->tell();
  }
  end_batch();
  told |= tell_turn_end();
  free_buried();
  sweep_closed();
  return told;
}

bool ManualLoop::settle() {
  for (int i = 0; i < kMostTurns; ++i) {
    if (!turn()) {
      return true;
    }
  }
  return false;
}

bool ManualLoop::advance(Duration time, Duration most_a_step) {
  while (time > Duration::zero()) {
    const Duration step = std::min(time, most_a_step);
    time -= step;
    now_ += step;
    deadlines().sweep(now_);
    free_buried();
    sweep_closed();
    if (!settle()) {
      return false;
    }
  }
  return true;
}

void ManualLoop::sweep_closed() {
  if (closed_ == 0) {
    return;
  }
  const auto gone = std::stable_partition(streams_.begin(), streams_.end(),
                                          [](const MemoryStream* stream) { return !stream->is_closed(); });
  std::for_each(gone, streams_.end(), [this](MemoryStream* stream) { pool_->release(stream); });
  streams_.erase(gone, streams_.end());
  closed_ = 0;
}

void MemoryStream::watch(bool readable, bool writable) noexcept {
  wants_read_ = readable;
  wants_write_ = writable;
}

bool MemoryStream::is_readable() const noexcept {
  return pipe_->connected && (pipe_->reset || pipe_->fin || !pipe_->to_proxy.empty());
}

bool MemoryStream::is_writable() const noexcept {
  return pipe_->connect_is_decided() && (pipe_->reset || pipe_->room > 0);
}

bool MemoryStream::is_ready() const noexcept {
  if (is_closed() || events() == nullptr) {
    return false;
  }
  return (wants_read_ && is_readable()) || (wants_write_ && is_writable()) ||
         (!wants_read_ && !wants_write_ && pipe_->reset);
}

bool MemoryStream::tell() {
  if (is_closed() || events() == nullptr) {
    return false;
  }
  bool told = false;
  if (!wants_read_ && !wants_write_) {
    if (pipe_->reset) {
      events()->on_broken(*this);
      told = true;
    }
    return told;
  }
  if (wants_read_ && is_readable()) {
    events()->on_readable(*this);
    told = true;
  }
  if (!is_closed() && events() != nullptr && wants_write_ && is_writable()) {
    events()->on_writable(*this);
    told = true;
  }
  return told;
}

IoResult MemoryStream::read(std::span<std::uint8_t> into) noexcept {
  LIMPET_ASSERT(!is_closed(), "nobody reads a closed stream");
  if (const int error = loop_.next_error(); error != 0) {
    return {IoStatus::Broken, 0, error};
  }
  if (pipe_->reset) {
    return {IoStatus::Broken, 0, ECONNRESET};
  }
  // Much of anything is not worth cutting up: it would only take time.
  const bool is_much = pipe_->to_proxy.size() > kWorthCutting;
  const std::size_t bytes =
      std::min({into.size(), pipe_->to_proxy.size(), is_much ? MemoryPipe::kUnlimited : pipe_->most_a_read});
  if (bytes == 0) {
    return {pipe_->fin ? IoStatus::End : IoStatus::WouldBlock, 0, 0};
  }
  std::memcpy(into.data(), pipe_->to_proxy.data(), bytes);
  pipe_->to_proxy.erase(0, bytes);
  return {IoStatus::Done, bytes, 0};
}

IoResult MemoryStream::write(std::span<const std::uint8_t> bytes) noexcept {
  const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  return write(std::span(&part, 1));
}

IoResult MemoryStream::write(std::span<const iovec> parts) noexcept {
  LIMPET_ASSERT(!is_closed() && !pipe_->proxy_fin, "nobody writes behind the end");
  if (const int error = loop_.next_error(); error != 0) {
    return {IoStatus::Broken, 0, error};
  }
  if (pipe_->reset) {
    return {IoStatus::Broken, 0, EPIPE};
  }
  std::size_t moved = 0;
  for (const iovec& part : parts) {
    const std::size_t bytes = std::min(part.iov_len, pipe_->room);
    pipe_->from_proxy.append(static_cast<const char*>(part.iov_base), bytes);
    pipe_->room -= pipe_->room == MemoryPipe::kUnlimited ? 0 : bytes;
    moved += bytes;
  }
  return {moved > 0 ? IoStatus::Done : IoStatus::WouldBlock, moved, 0};
}

bool MemoryStream::looks_alive() noexcept {
  return !is_readable();
}

int MemoryStream::take_socket_error() noexcept {
  if (pipe_->connect_error != 0) {
    return pipe_->connect_error;
  }
  return pipe_->reset ? ECONNRESET : 0;
}

void MemoryStream::shutdown_write() noexcept {
  pipe_->proxy_fin = true;
}

IoResult MemoryStream::write_last(std::span<const std::uint8_t> bytes) noexcept {
  const IoResult result = write(bytes);
  if (result.bytes == bytes.size()) {
    shutdown_write();
  }
  return result;
}

void MemoryStream::reset_on_close() noexcept {
  pipe_->proxy_reset = true;
}

void MemoryStream::close() noexcept {
  ++pipe_->closes;
  LIMPET_ASSERT(pipe_->closes == 1, "a stream is closed once");
  set_events(nullptr);
  pipe_->closed = true;
  loop_.note_closed();
}

}  // namespace limpet::test
