// The answers that limpet makes itself.
#include <algorithm>
#include <array>

#include "base/assert.h"
#include "http/head_text.h"
#include "http/head_writer.h"

namespace limpet::http {

namespace {

struct StatusRow {
  int status;
  std::string_view phrase;
};

// RFC 9110 15; every status that a row of base/close_reason.cc may carry.
constexpr std::array kStatusRows{
    StatusRow{400, "Bad Request"},
    StatusRow{403, "Forbidden"},
    StatusRow{404, "Not Found"},
    StatusRow{408, "Request Timeout"},
    StatusRow{413, "Content Too Large"},
    StatusRow{421, "Misdirected Request"},
    StatusRow{426, "Upgrade Required"},
    StatusRow{429, "Too Many Requests"},
    StatusRow{431, "Request Header Fields Too Large"},
    StatusRow{500, "Internal Server Error"},
    StatusRow{502, "Bad Gateway"},
    StatusRow{503, "Service Unavailable"},
    StatusRow{504, "Gateway Timeout"},
};

constexpr int kUpgradeRequired = 426;

// A phrase may be empty (RFC 9112 4), so that a status without a row is still a valid answer.
std::string_view phrase_of(int status) noexcept {
  const auto row = std::find_if(kStatusRows.begin(), kStatusRows.end(),
                                [status](const StatusRow& r) { return r.status == status; });
  return row == kStatusRows.end() ? std::string_view{} : row->phrase;
}

void append_connection(std::string& out, const OwnAnswer& answer, int status) {
  const bool offers_upgrade = status == kUpgradeRequired;
  if (offers_upgrade) {
    append_field(out, "Upgrade", "websocket");
    append_field(out, "Sec-WebSocket-Version", "13");
    // Whoever sends Upgrade names it here too (RFC 9110 7.8).
    append_field(out, "Connection", answer.keep_alive ? "Upgrade" : "close, Upgrade");
  } else if (!answer.keep_alive) {
    append_field(out, "Connection", "close");
  }
}

}  // namespace

void append_own_answer(std::string& out, const OwnAnswer& answer) {
  const CloseReasonRow& row = describe(answer.reason);
  LIMPET_ASSERT(row.status != 0, "only a reason with a status has an answer");
  const std::string_view text = answer.detail.empty() ? row.phrase : answer.detail;
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(row.status));
  out.append(" ").append(phrase_of(row.status)).append(kCrLf);
  append_field(out, "Limpet-Reason", row.word);
  append_field(out, "Content-Type", "text/plain; charset=utf-8");
  append_field(out, "Cache-Control", "no-store");
  append_field(out, "Content-Length", text.size() + 1);
  if (answer.retry_after_s > 0) {
    append_field(out, "Retry-After", answer.retry_after_s);
  }
  append_connection(out, answer, row.status);
  out.append(kCrLf);
  if (!answer.head_only) {
    out.append(text).append("\n");
  }
}

}  // namespace limpet::http
