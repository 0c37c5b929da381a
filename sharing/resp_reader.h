// RespReader: bytes of a Redis in, replies out (RESP2), however they are cut; and the way back, commands to
// bytes. Elements, nesting and bytes are bounded: what breaks a bound or the protocol is an error, and the
// reader answers that error from then on. Pure. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace limpet::sharing {

struct Reply {
  enum class Kind : std::uint8_t { Nil, Integer, Status, Text, Error, Array };

  Kind kind = Kind::Nil;
  std::int64_t integer = 0;       // of Integer
  std::string text{};             // of Status, Text and Error; any bytes in a Text
  std::vector<Reply> elements{};  // of Array

  [[nodiscard]] bool is_nil() const noexcept { return kind == Kind::Nil; }
  [[nodiscard]] bool is_error() const noexcept { return kind == Kind::Error; }

  friend bool operator==(const Reply&, const Reply&) = default;
};

class RespReader {
 public:
  // Of one reply, those inside others counted too: a slice of a scan is a tenth of it.
  static constexpr std::size_t kMostElements = 4096;
  // Arrays inside arrays. Nothing that is asked for has more than three.
  static constexpr std::size_t kMostDepth = 7;
  // Of one string: the largest message that is published, several times over.
  static constexpr std::size_t kMostTextBytes = std::size_t{1} << 20U;
  // Of all strings of one reply.
  static constexpr std::size_t kMostReplyBytes = 4 * kMostTextBytes;

  RespReader();
  ~RespReader();
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;

  // Bytes that follow those before. Requires that next() has answered nothing before, so that what is kept
  // is the begin of one reply.
  void feed(std::string_view bytes);
  // The next complete reply; nothing = more bytes are needed.
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

// Appends one command as it is sent: an array of strings, of any bytes. Requires at least one word.
void append_command(std::string& out, std::span<const std::string_view> words);

}  // namespace limpet::sharing
