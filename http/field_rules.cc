#include "http/field_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace limpet::http {

namespace {

struct Row {
  std::string_view name;  // in lower case; a name that ends in '-' stands for all names that begin with it
  FieldRules rules;
};

constexpr std::array kRows{
    Row{"connection", kNotCopied | kNotInTrailer},
    Row{"keep-alive", kNotCopied | kNotInTrailer},
    Row{"proxy-connection", kNotCopied | kNotInTrailer},
    Row{"te", kNotCopied | kNotInTrailer},
    Row{"upgrade", kNotCopied | kNotInTrailer},
    Row{"http2-settings", kNotCopied | kNotInTrailer},  // belongs to an upgrade that is not passed on
    Row{"transfer-encoding", kNotCopied | kNotInTrailer},
    Row{"content-length", kNotCopied | kKeptFromConnection | kNotInTrailer},
    Row{"host", kNotCopiedToBackend | kKeptFromConnection | kNotInTrailer},
    Row{"proxy-authorization", kNotCopiedToBackend | kNotInTrailer},
    Row{"proxy-authenticate", kNotCopiedToBackend | kNotInTrailer},
    Row{"forwarded", kForwarding | kKeptFromConnection | kNotInTrailer},
    Row{"x-forwarded-", kForwarding | kKeptFromConnection | kNotInTrailer},
    Row{"sec-websocket-", kKeptFromConnection | kNotInTrailer},
    Row{"cookie", kKeptFromConnection | kNotInTrailer},
    Row{"set-cookie", kKeptFromConnection | kNotInTrailer},
    Row{"authorization", kKeptFromConnection | kNotInTrailer},
    Row{"origin", kKeptFromConnection | kNotInTrailer},
    Row{"limpet-reason", kNotCopied | kNotInTrailer},  // says that limpet itself has answered
    Row{"www-authenticate", kNotInTrailer},
    Row{"trailer", kNotInTrailer},
    Row{"content-encoding", kNotInTrailer},
    Row{"content-type", kNotInTrailer},
    Row{"content-range", kNotInTrailer},
    Row{"expect", kNotInTrailer},
    Row{"max-forwards", kNotInTrailer},
    Row{"location", kNotInTrailer},
    Row{"x-real-ip", kForwarding | kKeptFromConnection | kNotInTrailer},
    // No field of HTTP: CGI hands it on as HTTP_PROXY, which programs take for their own proxy's address.
    Row{"proxy", kNotCopiedToBackend | kNotInTrailer},
};

constexpr char folded(char c) noexcept {
  return c == '_' ? '-' : ascii_lower(c);
}

bool matches(const Row& row, std::string_view name) noexcept {
  const bool is_prefix = row.name.back() == '-';
  const bool fits = is_prefix ? name.size() >= row.name.size() : name.size() == row.name.size();
  if (!fits || folded(name.front()) != row.name.front()) {
    return false;
  }
  return std::equal(row.name.begin(), row.name.end(), name.begin(),
                    [](char ours, char c) { return ours == folded(c); });
}

// For each letter, whether a row begins with it: most fields need no look at the rows.
constexpr std::array<bool, 256> begins_a_row() noexcept {
  std::array<bool, 256> begins{};
  for (const Row& row : kRows) {
    begins[static_cast<unsigned char>(row.name.front())] = true;
  }
  return begins;
}
constexpr std::array<bool, 256> kBeginsARow = begins_a_row();

}  // namespace

FieldRules rules_of(std::string_view name) noexcept {
  if (name.empty() || !kBeginsARow[static_cast<unsigned char>(folded(name.front()))]) {
    return FieldRules{0};
  }
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [name](const Row& r) { return matches(r, name); });
  return row == kRows.end() ? FieldRules{0} : row->rules;
}

}  // namespace limpet::http
