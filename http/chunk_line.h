// ChunkLine: the line before each chunk, byte by byte over any segmentation (RFC 9112 7.1). Owned by
// BodyFramer.
//   1*15HEXDIG *( ";" token [ "=" ( token / quoted-string ) ] ) CR LF
// Stricter than the RFC: no white space anywhere, at most 256 bytes of extensions, which are read and
// dropped. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fault.h"

namespace limpet::http {

class ChunkLine {
 public:
  struct Answer {
    std::size_t consumed = 0;
    bool complete = false;  // size() is known; the object is ready for the next line
    Fault fault;            // the line is broken when this is not empty
  };

  // Reads on; complete and fault exclude each other, neither means that all input was used up.
  [[nodiscard]] Answer read(std::string_view input) noexcept;
  // After a complete line: the bytes of the chunk; 0 for the last one.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  enum class State : std::uint8_t {
    Digits,
    ExtensionStart,  // behind ';'
    Name,
    ValueStart,  // behind '='
    Value,
    Quoted,
    Escaped,  // behind '\' in a quoted string
    QuotedEnd,
    LineFeed,  // behind CR
    Broken,
  };

 private:
  [[nodiscard]] Fault step(char c) noexcept;
  [[nodiscard]] Fault read_digit(char c) noexcept;
  [[nodiscard]] Fault read_extension(char c) noexcept;

  std::uint64_t size_ = 0;
  std::uint16_t extension_bytes_ = 0;
  std::uint8_t digits_ = 0;
  State state_ = State::Digits;
};

}  // namespace limpet::http
