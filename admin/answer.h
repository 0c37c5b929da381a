// Answer: one answer of the admin endpoint, and how it is written (RFC 9112 4). Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/source.h"

namespace limpet::admin {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

struct Answer {
  int status = 200;
  std::string_view content_type = kJsonType;  // static text
  std::string body;
  std::string allow;                // methods, with 405; else empty
  std::uint32_t retry_after_s = 0;  // 0 = not said
};

[[nodiscard]] Answer to_answer(const Refusal& refusal);

struct AnswerFraming {
  bool keep_alive = true;
  bool head_only = false;  // the request was HEAD
};
// Every answer says no-store, nosniff and its Content-Length; a page has a Content-Security-Policy; 401 asks
// for a Bearer token (RFC 6750 3).
void append_answer(std::string& out, const Answer& answer, AnswerFraming framing);
// The head of a stream of server-sent events, which ends with its connection (RFC 9112 6.3).
void append_stream_head(std::string& out);

}  // namespace limpet::admin
