// BodyFramer: exactly one body and not a byte more (RFC 9112 6, 7.1). Our own strict chunk decoder: CRLF
// only, at most 15 hex digits, extensions bounded and dropped, trailers with framing or routing fields
// refused. 96 bytes or so of state plus the trailer text while one is gathered; nothing else allocates. Pure.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/chunk_line.h"
#include "http/fault.h"
#include "http/head.h"
#include "http/trailer_section.h"

namespace limpet::http {

class BodyFramer {
 public:
  enum class Step : std::uint8_t {
    Data,       // `data` is the next piece of the payload (a view into the input)
    NeedMore,   // all input is used up, the body goes on
    Done,       // the body is complete; what was not consumed belongs to the next message
    Malformed,  // the framing is broken; nothing further may be read from this connection
  };
  struct Piece {
    Step step = Step::NeedMore;
    std::size_t consumed = 0;  // bytes of the input that are used up, data included
    std::string_view data;
  };

  BodyFramer() = default;
  explicit BodyFramer(BodyPlan plan) noexcept;

  // Call again with the rest of the input until NeedMore, Done or Malformed. With Framing::None it is Done at
  // once.
  [[nodiscard]] Piece next(std::string_view input);
  // The stream ended: true when that completes the body (only Framing::UntilClose, or Done before).
  [[nodiscard]] bool complete_at_end() const noexcept;
  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] Framing framing() const noexcept;
  // Bytes of a body with a length, or of the chunk under way, that have not passed.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  // After Done of a chunked body: the trailer lines, each with its CRLF, checked and ready to be sent on.
  [[nodiscard]] std::string_view trailers() const noexcept;
  // What broke, after Malformed (static text).
  [[nodiscard]] std::string_view fault() const noexcept;

 private:
  //             chunk line      data      CR LF
  //   SizeLine ----------> Data -----> DataCr -> DataLf --.
  //      ^  '-- last chunk -> Trailers -- blank line -> Done
  //      '-------------------------------------------------'
  enum class State : std::uint8_t { SizeLine, Data, DataCr, DataLf, Trailers, Done, Malformed };

  [[nodiscard]] bool in_markup() const noexcept;
  std::size_t read_markup(std::string_view input);
  std::size_t read_size_line(std::string_view input);
  std::size_t read_trailers(std::string_view input);
  std::size_t expect(char got, char wanted, State next_state);
  [[nodiscard]] std::string_view take_data(std::string_view input) noexcept;
  void break_off(Fault fault) noexcept;

  std::uint64_t left_ = 0;  // bytes of the body or of the chunk that have not passed; unused with UntilClose
  Framing framing_ = Framing::None;
  State state_ = State::Done;
  ChunkLine line_;
  TrailerSection trailers_;
  Fault fault_;  // empty unless Malformed
};

// Writing chunked bodies (RFC 9112 7.1).
// Appends one chunk; `data` must not be empty, because an empty chunk ends the body.
void append_chunk(std::string& out, std::string_view data);
// Appends the last chunk and the trailer lines.
void append_last_chunk(std::string& out, std::string_view trailers);

}  // namespace limpet::http
