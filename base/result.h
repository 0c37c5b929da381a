// Error and Result<T>: how fallible functions answer. No exceptions leave a function of limpet.
// Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace limpet {

// Who is to blame: decides the metric, the answer and whether another backend is tried.
enum class Side : std::uint8_t { Client, Backend, Self };

enum class ErrorCode : std::uint8_t {
  Malformed,    // bytes that break a rule of their protocol
  TooLarge,     // a bound was reached
  Invalid,      // a value that is well formed but not acceptable
  NotFound,     // no such thing
  Timeout,      // a wait reached its bound
  Refused,      // nobody listens there
  Reset,        // the peer cut the connection
  Unavailable,  // out of something: descriptors, memory, backends
  Io,           // any other answer of the system
};

// One word for logs.
[[nodiscard]] std::string_view word(ErrorCode code) noexcept;
[[nodiscard]] std::string_view word(Side side) noexcept;

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::Invalid;
  Side side = Side::Self;
  std::string detail;  // a short sentence without a full stop
};

// The error of a failed system call: code from errno, detail "what: strerror".
[[nodiscard]] Error system_error(int error_number, Side side, std::string_view what);

// Either a T or the Error that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is the point
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): `return error;` likewise
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Requires ok().
  [[nodiscard]] T& value() & {
    LIMPET_ASSERT(ok(), "value() needs a successful Result");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    LIMPET_ASSERT(ok(), "value() needs a successful Result");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    LIMPET_ASSERT(ok(), "value() needs a successful Result");
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  // Requires !ok().
  [[nodiscard]] const Error& error() const& {
    LIMPET_ASSERT(!ok(), "error() needs a failed Result");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace limpet
