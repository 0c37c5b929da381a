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

// Sorted by the first letter.
constexpr std::array kRows{
    Row{"authorization", kKeptFromConnection | kNotInTrailer},
    Row{"connection", kNotCopied | kNotInTrailer},
    Row{"content-length", kNotCopied | kKeptFromConnection | kNotInTrailer},
    Row{"cookie", kKeptFromConnection | kNotInTrailer},
    Row{"content-encoding", kNotInTrailer},
    Row{"content-type", kNotInTrailer},
    Row{"content-range", kNotInTrailer},
    Row{"expect", kNotInTrailer},
    Row{"forwarded", kForwarding | kKeptFromConnection | kNotInTrailer},
    Row{"http2-settings", kNotCopied | kNotInTrailer},  // belongs to an upgrade that is not passed on
    Row{"host", kNotCopiedToBackend | kKeptFromConnection | kNotInTrailer},
    Row{"keep-alive", kNotCopied | kNotInTrailer},
    Row{"limpet-reason", kNotCopied | kNotInTrailer},  // says that limpet itself has answered
    Row{"location", kNotInTrailer},
    Row{"max-forwards", kNotInTrailer},
    Row{"origin", kKeptFromConnection | kNotInTrailer},
    Row{"proxy-connection", kNotCopied | kNotInTrailer},
    Row{"proxy-authorization", kNotCopiedToBackend | kNotInTrailer},
    Row{"proxy-authenticate", kNotCopiedToBackend | kNotInTrailer},
    // No field of HTTP: CGI hands it on as HTTP_PROXY, which programs take for their own proxy's address.
    Row{"proxy", kNotCopiedToBackend | kNotInTrailer},
    Row{"sec-websocket-", kKeptFromConnection | kNotInTrailer},
    Row{"set-cookie", kKeptFromConnection | kNotInTrailer},
    Row{"te", kNotCopied | kNotInTrailer},
    Row{"transfer-encoding", kNotCopied | kNotInTrailer},
    Row{"trailer", kNotInTrailer},
    Row{"upgrade", kNotCopied | kNotInTrailer},
    Row{"www-authenticate", kNotInTrailer},
    // Says who was verified: only limpet itself may say it.
    Row{"x-client-cert-", kNotCopiedToBackend | kKeptFromConnection | kNotInTrailer},
    Row{"x-forwarded-", kForwarding | kKeptFromConnection | kNotInTrailer},
    Row{"x-request-id", kNotCopiedToBackend | kKeptFromConnection | kNotInTrailer},
    Row{"x-real-ip", kForwarding | kKeptFromConnection | kNotInTrailer},
};

constexpr char folded(char c) noexcept {
  return c == '_' ? '-' : ascii_lower(c);
}

bool matches(const Row& row, std::string_view name) noexcept {
  const bool is_prefix = row.name.back() == '-';
  const bool fits = is_prefix ? name.size() >= row.name.size() : name.size() == row.name.size();
  return fits && std::equal(row.name.begin(), row.name.end(), name.begin(),
                            [](char ours, char c) { return ours == folded(c); });
}

// The rows that begin with a letter: for most letters none.
struct Section {
  std::uint8_t begin = 0;
  std::uint8_t end = 0;
};

constexpr std::array<Section, 256> sections() noexcept {
  std::array<Section, 256> all{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    Section& section = all[static_cast<unsigned char>(kRows[i].name.front())];
    section.begin = section.end == 0 ? static_cast<std::uint8_t>(i) : section.begin;
    section.end = static_cast<std::uint8_t>(i + 1);
  }
  return all;
}
constexpr std::array<Section, 256> kSections = sections();
static_assert(std::is_sorted(kRows.begin(), kRows.end(),
                             [](const Row& a, const Row& b) { return a.name.front() < b.name.front(); }));

}  // namespace

FieldRules rules_of(std::string_view name) noexcept {
  if (name.empty()) {
    return FieldRules{0};
  }
  const Section section = kSections[static_cast<unsigned char>(folded(name.front()))];
  for (std::size_t i = section.begin; i < section.end; ++i) {
    if (matches(kRows[i], name)) {
      return kRows[i].rules;
    }
  }
  return FieldRules{0};
}

}  // namespace limpet::http
