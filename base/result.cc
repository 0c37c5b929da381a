#include "base/result.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace limpet {

std::string_view word(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Malformed:
      return "malformed";
    case ErrorCode::TooLarge:
      return "too_large";
    case ErrorCode::Invalid:
      return "invalid";
    case ErrorCode::NotFound:
      return "not_found";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::Refused:
      return "refused";
    case ErrorCode::Reset:
      return "reset";
    case ErrorCode::Unavailable:
      return "unavailable";
    case ErrorCode::Io:
      return "io";
  }
  return "unknown";
}

std::string_view word(Side side) noexcept {
  switch (side) {
    case Side::Client:
      return "client";
    case Side::Backend:
      return "backend";
    case Side::Self:
      return "limpet";
  }
  return "unknown";
}

namespace {

ErrorCode code_of(int error_number) noexcept {
  switch (error_number) {
    case ECONNREFUSED:
    case ENOENT:
      return ErrorCode::Refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return ErrorCode::Reset;
    case ETIMEDOUT:
      return ErrorCode::Timeout;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Io;
  }
}

}  // namespace

Error system_error(int error_number, Side side, std::string_view what) {
  std::string detail(what);
  detail += ": ";
  detail += std::generic_category().message(error_number);
  return Error{code_of(error_number), side, std::move(detail)};
}

}  // namespace limpet
