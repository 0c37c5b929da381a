#include "net/tls_facts.h"

#include "base/row_order.h"

namespace limpet::net {

namespace {

struct Row {
  TlsFault fault;
  std::string_view word;
  std::string_view phrase;
};

using enum TlsFault;

constexpr std::array<Row, kTlsFaultCount> kRows{{
    {None, "none", "nothing is wrong"},
    {PlainText, "plain_text", "plain text on a port that speaks TLS"},
    {NotTls, "not_tls", "what came is not TLS, or is damaged"},
    {NoSharedVersion, "no_shared_version", "no shared protocol version"},
    {NoSharedCipher, "no_shared_cipher", "no shared cipher, group or signature"},
    {NoSharedProtocol, "no_shared_protocol", "http/1.1 is not among the protocols offered (ALPN)"},
    {CertificateMissing, "certificate_missing", "the peer sent no certificate"},
    {CertificateExpired, "certificate_expired", "the peer's certificate is not valid at this time"},
    {CertificateUnknownCa, "certificate_unknown_ca", "the peer's certificate is signed by an unknown CA"},
    {CertificateWrongName, "certificate_wrong_name", "the peer's certificate is for another name"},
    {CertificateBad, "certificate_bad", "the peer's certificate is not acceptable"},
    {PeerRefused, "peer_refused", "the peer refused"},
    {EarlyClose, "early_close", "the peer closed during the handshake"},
    {Timeout, "timeout", "the handshake took too long"},
    {Other, "other", "the handshake failed"},
}};

static_assert(rows_are_in_order(kRows, &Row::fault), "the rows stand in the order of the enumeration");

}  // namespace

std::string_view word(TlsFault fault) noexcept {
  return kRows[static_cast<std::size_t>(fault)].word;
}

std::string_view phrase(TlsFault fault) noexcept {
  return kRows[static_cast<std::size_t>(fault)].phrase;
}

std::string describe(const TlsFacts& facts) {
  std::string text = "TLS: ";
  text += phrase(facts.fault);
  return facts.detail.empty() ? text : text + " (" + facts.detail + ")";
}

}  // namespace limpet::net
