// What is special about a field name: one table for the writers of heads and the reader of trailers. Pure.
// Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace limpet::http {

using FieldRules = std::uint8_t;

// Meant for the next hop alone, or written anew from what the head means: never copied (RFC 9110 7.6.1).
inline constexpr FieldRules kNotCopied = 1;
inline constexpr FieldRules kNotCopiedToBackend = 2;
// Says where a request came from: copied only from a trusted proxy.
inline constexpr FieldRules kForwarding = 4;
// A Connection option of that name does not remove it: a sender may not take away what routing, framing or
// authentication rests on.
inline constexpr FieldRules kKeptFromConnection = 8;
// Would change framing, routing, authentication or the reading of a body that has passed (RFC 9110 6.5.1).
inline constexpr FieldRules kNotInTrailer = 16;

// Case does not matter, and '_' counts as '-': servers that hand fields on as environment variables (RFC
// 3875 4.1.18) take both for one name.
[[nodiscard]] FieldRules rules_of(std::string_view name) noexcept;
[[nodiscard]] inline bool has_rule(FieldRules rules, FieldRules wanted) noexcept {
  return (rules & wanted) != 0;
}

}  // namespace limpet::http
