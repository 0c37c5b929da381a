#include "admin/tls_view.h"

namespace limpet::admin {

Json certificates_json(const std::vector<CertificateInfo>& certificates) {
  Json list = Json::array();
  for (const CertificateInfo& certificate : certificates) {
    list.push_back({{"names", certificate.names},
                    {"not_after", to_rfc3339(certificate.not_after)},
                    {"days_left", certificate.days_left}});
  }
  return list;
}

Json tls_totals_json(const TlsTotals& totals) {
  Json failures = Json::object();
  for (const auto& [word, count] : totals.failures) {
    failures[std::string(word)] = count;
  }
  return {{"handshakes", totals.handshakes},
          {"resumed", totals.resumed},
          {"failures", failures},
          {"handed_over", totals.handed_over}};
}

}  // namespace limpet::admin
