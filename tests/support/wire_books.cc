#include "tests/support/wire_books.h"

#include <dirent.h>

#include "tests/support/catch.h"

namespace limpet::test {

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  REQUIRE(folder != nullptr);
  while (::readdir(folder) != nullptr) {
    ++count;
  }
  ::closedir(folder);
  return count;
}

Ends ends_of(const Counters& counters) {
  Ends ends;
  for (std::size_t i = 0; i < kCloseReasonCount; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    if (const std::uint64_t count = counters.ends(reason); count > 0) {
      ends[describe(reason).word] = count;
    }
  }
  return ends;
}

std::string text_of(const Ends& ends) {
  std::string text;
  for (const auto& [word, count] : ends) {
    text.append(word).append("=").append(std::to_string(count)).append(" ");
  }
  return text;
}

bool is_own_answer(std::string_view text, CloseReason reason, bool to_head_request) {
  const CloseReasonRow& row = describe(reason);
  const auto has = [text](const std::string& part) { return text.find(part) != std::string_view::npos; };
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return false;
  }
  const std::string_view body = text.substr(end + 4);
  const std::string length =
      "\r\nContent-Length: " + (to_head_request ? "" : std::to_string(body.size()) + "\r\n");
  return text.starts_with("HTTP/1.1 " + std::to_string(row.status) + " ") &&
         has("\r\nLimpet-Reason: " + std::string(row.word) + "\r\n") && has("\r\nConnection: close") &&
         has(length) && !has("Set-Cookie") &&
         has("\r\nSec-WebSocket-Version: 13\r\n") == (reason == CloseReason::UnsupportedVersion) &&
         (to_head_request ? body.empty() : !body.empty() && body.find('\n') == body.size() - 1);
}

}  // namespace limpet::test
