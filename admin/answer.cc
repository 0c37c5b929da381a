#include "admin/answer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "http/head_text.h"

namespace limpet::admin {

namespace {

constexpr std::array<std::pair<int, std::string_view>, 16> kPhrases{{
    {200, "OK"},
    {201, "Created"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
}};

// A page takes nothing but its own files and talks to nobody but this endpoint; what got into it by mistake
// is not run, and no other page shows it in a frame (CSP Level 3).
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'";

std::string_view phrase_of(int status) noexcept {
  const auto row = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  return row != kPhrases.end() ? row->second : "Other";
}

// What every answer has.
void append_begin(std::string& out, int status, std::string_view content_type) {
  out.append("HTTP/1.1 ");
  http::append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(phrase_of(status)).append(http::kCrLf);
  http::append_field(out, "Content-Type", content_type);
  http::append_field(out, "Cache-Control", "no-store");
  http::append_field(out, "X-Content-Type-Options", "nosniff");
}

}  // namespace

Answer to_answer(const Refusal& refusal) {
  const nlohmann::ordered_json body{{"error", refusal.word}, {"detail", refusal.detail}};
  return {.status = refusal.status,
          .content_type = kJsonType,
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .allow = {},
          .retry_after_s = refusal.retry_after_s};
}

void append_answer(std::string& out, const Answer& answer, AnswerFraming framing) {
  append_begin(out, answer.status, answer.content_type);
  http::append_field(out, "Content-Length", static_cast<std::uint64_t>(answer.body.size()));
  if (answer.content_type == kHtmlType) {
    http::append_field(out, "Content-Security-Policy", kPagePolicy);
    http::append_field(out, "Referrer-Policy", "no-referrer");
  }
  if (answer.status == 401) {
    http::append_field(out, "WWW-Authenticate", "Bearer");
  }
  if (!answer.allow.empty()) {
    http::append_field(out, "Allow", answer.allow);
  }
  if (answer.retry_after_s != 0) {
    http::append_field(out, "Retry-After", std::uint64_t{answer.retry_after_s});
  }
  http::append_field(out, "Connection", framing.keep_alive ? "keep-alive" : "close");
  out.append(http::kCrLf);
  if (!framing.head_only) {
    out.append(answer.body);
  }
}

void append_stream_head(std::string& out) {
  append_begin(out, 200, "text/event-stream");
  http::append_field(out, "Connection", "close");
  out.append(http::kCrLf);
}

}  // namespace limpet::admin
