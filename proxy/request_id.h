// RequestId: the name of one request in the logs of everything it passes (X-Request-Id). Made here, of random
// bits that nobody can guess, or given by a trusted proxy. Owned by an Exchange, then by the Tunnel it
// becomes. Worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/head.h"

namespace limpet::proxy {

inline constexpr std::string_view kRequestIdField = "X-Request-Id";
// Of one that a proxy gives: longer ones are replaced.
inline constexpr std::size_t kMostRequestIdBytes = 128;

class RequestId {
 public:
  static constexpr std::size_t kMadeBytes = 16;
  using Made = std::array<std::uint8_t, kMadeBytes>;
  using Hex = std::array<char, 2 * kMadeBytes>;

  RequestId() = default;
  explicit RequestId(const Made& made) noexcept : made_(made) {}
  explicit RequestId(std::string_view given) : given_(std::make_unique<std::string>(given)) {}

  // `hex` is written to where limpet has made it, and must stay for as long as the text is used.
  [[nodiscard]] std::string_view text(Hex& hex) const noexcept;
  [[nodiscard]] std::string text() const;

 private:
  // Half of what the text would take: there is one in every live session.
  Made made_{};
  std::unique_ptr<std::string> given_;  // null: made here
};

// What a proxy has given, if it is there once, a token (RFC 9110 5.6.2) and not too long; else empty.
[[nodiscard]] std::string_view given_request_id(const http::Fields& fields) noexcept;

// Makes them. Asks the system's random source for many at a time, because asking costs more than an id. One
// thread.
class RequestIds {
 public:
  [[nodiscard]] RequestId make();

 private:
  static constexpr std::size_t kStock = 64;

  std::array<RequestId::Made, kStock> stock_{};
  std::size_t left_ = 0;
};

}  // namespace limpet::proxy
