#include "console/top_lists.h"

#include <algorithm>
#include <optional>

#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

constexpr std::size_t kNumber = 8;  // columns of a number

std::string optional_number(const std::optional<double>& number) {
  return padded_left(number ? show_short(*number) : std::string(kAbsent), kNumber);
}

std::string cell(std::string_view text) {
  return padded_left(text, kNumber);
}

std::vector<std::string> lines_of(const std::vector<Row>& rows) {
  std::vector<std::string> lines;
  const std::string all = align(rows);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<std::string> backend_list(const std::vector<const TopBackend*>& backends, std::size_t from,
                                      std::size_t count) {
  constexpr std::size_t kLabel = 12;
  constexpr std::size_t kLongestLabel = 40;
  constexpr std::size_t kState = 14;
  std::vector<Row> rows{{padded("BACKEND", kLabel), padded("STATE", kState), cell("SESSIONS"), cell("REQ/S"),
                         cell("FAIL/S"), cell("WEIGHT"), "DETAIL"}};
  for (std::size_t i = from; i < std::min(backends.size(), from + count); ++i) {
    const TopBackend& backend = *backends[i];
    rows.push_back({clipped(backend.label, kLongestLabel), std::string(backend.state.word),
                    cell(show_short(backend.sessions)), optional_number(backend.requests_per_s),
                    optional_number(backend.failures_per_s), cell(show_short(backend.weight)),
                    backend.detail});
  }
  return lines_of(rows);
}

std::vector<std::string> session_list(const std::vector<const TopSession*>& sessions, std::size_t count) {
  constexpr std::size_t kClient = 21;  // an IPv4 address with a port
  constexpr std::size_t kLongestName = 40;
  std::vector<Row> rows{{padded("CLIENT", kClient), "BACKEND", cell("AGE"), cell("IDLE"), cell("BYTES"),
                         cell("MESSAGES"), cell("QUEUE"), "SESSION", "KEY"}};
  for (std::size_t i = 0; i < std::min(sessions.size(), count); ++i) {
    const TopSession& session = *sessions[i];
    rows.push_back({clipped(session.client, kLongestName), clipped(session.backend, kLongestName),
                    cell(show_seconds(session.age_s)), cell(show_seconds(session.idle_s)),
                    cell(show_short(session.bytes)), cell(show_short(session.messages)),
                    cell(show_short(session.queued)), std::to_string(session.id), session.key});
  }
  return lines_of(rows);
}

}  // namespace limpet::console
