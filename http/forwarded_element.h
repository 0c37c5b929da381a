// The elements of a Forwarded list (RFC 7239 4), taken from its right end: the text of the nearest proxy
// stands there, and nothing that a client wrote left of it can change how it is read. Pure. Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"

namespace limpet::http {

struct ForwardedElement {
  std::optional<IpAddress> address;  // of for=; none for "unknown", an obfuscated name or no for= at all
  std::string_view proto{};          // of proto=, as written; empty when there is none
};

// Takes the part behind the last comma that stands outside a quoted string off the end of `rest` (all of it
// when there is none), without the white space around it. None, and `rest` of no further use, when a quoted
// string at the right end has no beginning. `rest` must not be empty.
[[nodiscard]] std::optional<std::string_view> take_last_element(std::string_view& rest) noexcept;

// One element, which must not be empty: pairs of token "=" (token / quoted-string) between semicolons,
// without white space (RFC 7239 4). None when it is malformed: by its grammar, by a parameter of RFC 7239
// that stands twice, or by a for= that is no node (RFC 7239 6). Backslashes are not taken out of a value: no
// node and no proto needs one.
[[nodiscard]] std::optional<ForwardedElement> read_forwarded_element(std::string_view element);

}  // namespace limpet::http
