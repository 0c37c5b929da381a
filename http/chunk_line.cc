#include "http/chunk_line.h"

#include <array>

#include "base/text.h"
#include "http/characters.h"

namespace limpet::http {

namespace {

// 15 digits stay below 2^60: no sum with a buffer length can overflow.
constexpr std::uint8_t kMaxDigits = 15;
// Nobody sends extensions for good; without a bound they are a stream that costs its reader and carries
// nothing.
constexpr std::uint16_t kMaxExtensionBytes = 256;
constexpr std::uint64_t kHexadecimal = 16;

using State = ChunkLine::State;
using enum ChunkLine::State;

enum class Symbol : std::uint8_t {
  Token,
  Equals,
  Semicolon,
  Quote,
  Backslash,
  CarriageReturn,
  Text,
  Control
};

Symbol symbol_of(char c) noexcept {
  switch (c) {
    case '=':
      return Symbol::Equals;
    case ';':
      return Symbol::Semicolon;
    case '"':
      return Symbol::Quote;
    case '\\':
      return Symbol::Backslash;
    case '\r':
      return Symbol::CarriageReturn;
    default:
      break;
  }
  if (is_in_class(c, kTokenChar)) {
    return Symbol::Token;
  }
  return is_in_class(c, kTextChar) ? Symbol::Text : Symbol::Control;
}

constexpr std::size_t kFirstRow = static_cast<std::size_t>(ExtensionStart);
// What follows in an extension. Rows: the state; columns: Symbol.
constexpr std::array<std::array<State, 8>, 7> kNext{{
    //                 Token   Equals      Semicolon       Quote      Backslash CR        Text    Control
    /* ExtensionStart */ {Name, Broken, Broken, Broken, Broken, Broken, Broken, Broken},
    /* Name           */ {Name, ValueStart, ExtensionStart, Broken, Broken, LineFeed, Broken, Broken},
    /* ValueStart     */ {Value, Broken, Broken, Quoted, Broken, Broken, Broken, Broken},
    /* Value          */ {Value, Broken, ExtensionStart, Broken, Broken, LineFeed, Broken, Broken},
    /* Quoted         */ {Quoted, Quoted, Quoted, QuotedEnd, Escaped, Broken, Quoted, Broken},
    /* Escaped        */ {Quoted, Quoted, Quoted, Quoted, Quoted, Broken, Quoted, Broken},
    /* QuotedEnd      */ {Broken, Broken, ExtensionStart, Broken, Broken, LineFeed, Broken, Broken},
}};

constexpr std::uint64_t hex_value(char c) noexcept {
  return static_cast<std::uint64_t>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

}  // namespace

Fault ChunkLine::read_digit(char c) noexcept {
  if (is_in_class(c, kHexDigit)) {
    if (digits_ == kMaxDigits) {
      return "a chunk size has too many digits";
    }
    ++digits_;
    size_ = size_ * kHexadecimal + hex_value(c);
    return kNoFault;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) {
    return "a chunk size is not a hexadecimal number";
  }
  state_ = c == ';' ? ExtensionStart : LineFeed;
  return kNoFault;
}

Fault ChunkLine::read_extension(char c) noexcept {
  const std::size_t row = static_cast<std::size_t>(state_) - kFirstRow;
  state_ = kNext[row][static_cast<std::size_t>(symbol_of(c))];
  if (state_ == Broken) {
    return "a chunk extension is malformed";
  }
  return ++extension_bytes_ > kMaxExtensionBytes ? "a chunk has too many bytes of extensions" : kNoFault;
}

Fault ChunkLine::step(char c) noexcept {
  switch (state_) {
    case Digits:
      return read_digit(c);
    case LineFeed:
      return c == '\n' ? kNoFault : "a chunk size line is not ended by CR LF";
    default:
      return read_extension(c);
  }
}

ChunkLine::Answer ChunkLine::read(std::string_view input) noexcept {
  if (state_ == Digits && digits_ == 0) {
    size_ = 0;  // of the line before
  }
  for (std::size_t i = 0; i < input.size(); ++i) {
    const bool last = state_ == LineFeed;
    if (const Fault fault = step(input[i]); !fault.empty()) {
      return {.consumed = i + 1, .complete = false, .fault = fault};
    }
    if (last) {
      const std::uint64_t size = size_;
      *this = ChunkLine{};
      size_ = size;
      return {.consumed = i + 1, .complete = true, .fault = kNoFault};
    }
  }
  return {.consumed = input.size(), .complete = false, .fault = kNoFault};
}

}  // namespace limpet::http
