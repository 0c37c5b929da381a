#include "admin/paging.h"

#include <string>

#include "base/number.h"

namespace limpet::admin {

OrRefusal<Paging> read_paging(const Parameters& parameters) {
  Paging paging;
  paging.backend = {parameters.text_or_empty("backend"), parameters.text_or_empty("pool")};
  if (const auto text = parameters.text("limit")) {
    const auto limit = whole_number<std::uint64_t>(*text);
    if (!limit || *limit == 0 || *limit > kLargestPage) {
      return Refusal{400, "limit", "limit is a number from 1 to " + std::to_string(kLargestPage)};
    }
    paging.limit = *limit;
  }
  if (const auto text = parameters.text("cursor")) {
    const auto cursor = whole_number<std::uint64_t>(*text);
    if (!cursor) {
      return Refusal{400, "cursor", "cursor is what \"next\" of the page before said"};
    }
    paging.cursor = *cursor;
  }
  if (paging.backend.name.empty() && (!paging.backend.pool.empty() || parameters.text("backend"))) {
    return Refusal{400, "backend", "backend is the name of a backend; pool only says of which pool it is"};
  }
  return paging;
}

OrRefusal<std::optional<affinity::KeyKind>> read_kind(const std::optional<std::string>& word) {
  if (!word) {
    return std::optional<affinity::KeyKind>{};
  }
  const auto kind = affinity::key_kind_of(*word);
  if (!kind) {
    return Refusal{400, "kind", "kind is one of cookie, client_ip, header, query, path"};
  }
  return kind;
}

}  // namespace limpet::admin
