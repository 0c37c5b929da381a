// OriginPattern: which origins of web pages are welcome: one exactly, or every name below a domain. Compared
// with the value of an Origin field just as it came (RFC 6454 7.1). Pure. Immutable. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace limpet {

class OriginPattern {
 public:
  // "https://app.example.com", "http://localhost:3000", "http://[::1]:3000" and "null": just that origin.
  // "https://*.example.com", "https://*.example.com:8443": every name below, at any depth, on that port or
  // the scheme's own. "*.example.com": the same for http and https on any port; "*.example.com:8443": on
  // that port alone. The error says what is wrong with the text and how it would be right.
  [[nodiscard]] static Result<OriginPattern> parse(std::string_view text);

  // `origin`: one serialised origin, scheme "://" host [":" port] or "null". Anything else, like a path, a
  // list, white space or a dot behind the host, is no origin and matches nothing. Schemes and hosts compare
  // without regard to case, a port that is left out is the one that the scheme stands for.
  [[nodiscard]] bool matches(std::string_view origin) const noexcept;

  // As parse() reads it, in lower case.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const OriginPattern&, const OriginPattern&) = default;

 private:
  OriginPattern() = default;

  std::string scheme_;      // lower case; empty = http or https
  std::string host_;        // lower case, an IPv6 literal in brackets; empty = the origin "null"
  std::uint16_t port_ = 0;  // 0 = not given
  bool below_ = false;      // the names below host_, not host_ itself
};

}  // namespace limpet
