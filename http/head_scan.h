// Our own reading of the lines of a head, byte by byte, before any other parser sees them (RFC 9112 3, 4, 5).
// Trailer lines go through the same rules. Nothing is repaired: a line is taken as it stands or not at all.
// Pure. Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "http/fault.h"
#include "http/head.h"

namespace limpet::http {

// Takes the next line with its CRLF off the front of `rest` and answers it without. None when no LF follows
// or CR is not right before it; a CR elsewhere is left to the rules of the line.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& rest) noexcept;

struct RequestLine {
  Fault fault;  // the rest is valid when this is empty
  std::string_view method{};
  std::string_view target{};
  Version version = Version::Http11;
};
// method SP request-target SP HTTP/1.0 or HTTP/1.1. The form of the target is not looked at, only its
// characters.
[[nodiscard]] RequestLine scan_request_line(std::string_view line) noexcept;

struct StatusLine {
  Fault fault;
  Version version = Version::Http11;
  int status = 0;
  std::string_view reason{};
};
// HTTP-version SP 3DIGIT [SP reason-phrase]: the space before an absent phrase is often forgotten and its
// lack means nothing else, so that it is taken.
[[nodiscard]] StatusLine scan_status_line(std::string_view line) noexcept;

struct FieldLine {
  Fault fault;
  Field field{};
};
// field-name ":" OWS field-value OWS. A folded line (one that begins with white space) is refused.
[[nodiscard]] FieldLine scan_field_line(std::string_view line) noexcept;

}  // namespace limpet::http
