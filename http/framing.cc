#include "http/framing.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace limpet::http {

namespace {

// 18 digits stay below 2^63 whatever they are, so that no reader's integer overflows.
constexpr std::size_t kMaxLengthDigits = 18;
constexpr std::uint64_t kDecimal = 10;
constexpr int kNoContent = 204;
constexpr int kNotModified = 304;
constexpr int kFirstFinalStatus = 200;

std::optional<std::uint64_t> length_of(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > kMaxLengthDigits ||
      !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return std::nullopt;
  }
  std::uint64_t length = 0;
  for (const char digit : digits) {
    length = length * kDecimal + static_cast<std::uint64_t>(digit - '0');
  }
  return length;
}

DeclaredFraming refused(Fault fault) noexcept {
  return {.fault = fault};
}

DeclaredFraming chunked_framing(const Field& encoding, Version version) noexcept {
  if (version != Version::Http11) {
    return refused("Transfer-Encoding in a message of HTTP/1.0");
  }
  if (!iequals(encoding.value, "chunked")) {
    return refused("a Transfer-Encoding other than chunked alone");
  }
  return {.fault = kNoFault, .plan = {.framing = Framing::Chunked}};
}

}  // namespace

DeclaredFraming declared_framing(const Fields& fields, Version version) noexcept {
  const Field* length_field = nullptr;
  const Field* encoding_field = nullptr;
  for (const Field& field : fields) {
    const bool is_length = iequals(field.name, "Content-Length");
    const bool is_encoding = iequals(field.name, "Transfer-Encoding");
    if ((is_length && length_field != nullptr) || (is_encoding && encoding_field != nullptr)) {
      return refused("Content-Length or Transfer-Encoding is repeated");
    }
    length_field = is_length ? &field : length_field;
    encoding_field = is_encoding ? &field : encoding_field;
  }
  if (length_field != nullptr && encoding_field != nullptr) {
    return refused("both Content-Length and Transfer-Encoding");
  }
  if (encoding_field != nullptr) {
    return chunked_framing(*encoding_field, version);
  }
  if (length_field == nullptr) {
    return {.fault = kNoFault};
  }
  const auto length = length_of(length_field->value);
  if (!length) {
    return refused("Content-Length is not 1 to 18 digits");
  }
  return {.fault = kNoFault, .plan = {.framing = Framing::Length, .length = *length}};
}

bool status_has_no_body(int status) noexcept {
  return status < kFirstFinalStatus || status == kNoContent || status == kNotModified;
}

BodyPlan response_plan(BodyPlan declared, int status, bool to_head_request) noexcept {
  if (to_head_request || status_has_no_body(status)) {
    return {};
  }
  if (declared.framing == Framing::None) {
    return {.framing = Framing::UntilClose};
  }
  return declared;
}

}  // namespace limpet::http
