// What of TLS stands in views. Control thread.
#pragma once

#include "admin/json.h"
#include "admin/source.h"

namespace limpet::admin {

// {"names", "not_after", "days_left"} each.
[[nodiscard]] Json certificates_json(const std::vector<CertificateInfo>& certificates);
// {"handshakes", "resumed", "handed_over", "failures": {word: count}}.
[[nodiscard]] Json tls_totals_json(const TlsTotals& totals);

}  // namespace limpet::admin
