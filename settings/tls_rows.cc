// The rows of `tls` in a listener and in a backend.

#include "settings/kinds.h"
#include "settings/row.h"
#include "settings/schema.h"

namespace limpet::settings {

namespace {

constexpr const char* kEmptyText = "\"\"";

Key required(Key key) {
  key.is_required = true;
  return key;
}

}  // namespace

const Rows<ListenerTls>& listener_tls_rows() {
  static const Rows<ListenerTls> rows{
      row({"minimum_version", "1.2", "The oldest version of TLS that is spoken: 1.2 or 1.3."},
          one_of<TlsVersion>({{"1.2", TlsVersion::Tls12}, {"1.3", TlsVersion::Tls13}}),
          at(&ListenerTls::minimum_version)),
      row({"client_ca", kEmptyText,
           "A PEM file of CAs: clients must show a certificate of one of them; empty asks for none."},
          any_text(), at(&ListenerTls::client_ca)),
      row({"kernel_tls", "auto",
           "auto lets the kernel seal connections that are sent much at a time, where it can; off does not."},
          one_of<bool>({{"auto", true}, {"off", false}}), at(&ListenerTls::kernel_tls)),
  };
  return rows;
}

const Rows<CertificateFiles>& certificate_rows() {
  static const Rows<CertificateFiles> rows{
      row(required({"certificate", "", "A PEM file: the certificate, then its chain."}), filled_text(),
          at(&CertificateFiles::certificate)),
      row(required({"key", "", "A PEM file with its private key, not encrypted."}), filled_text(),
          at(&CertificateFiles::key)),
  };
  return rows;
}

const Rows<BackendTls>& backend_tls_rows() {
  const auto own = [](auto member) { return at(&BackendTls::own, member); };
  static const Rows<BackendTls> rows{
      row({"verify", "true", "Whether its certificate must be of a known CA and for its name."}, boolean(),
          at(&BackendTls::verify)),
      row({"server_name", kEmptyText,
           "The name that is asked for and verified; empty is the address's host."},
          any_text(), at(&BackendTls::server_name)),
      row({"ca", kEmptyText, "A PEM file of CAs that are trusted; empty is those of the system."}, any_text(),
          at(&BackendTls::ca)),
      row({"certificate", kEmptyText, "A PEM file with a certificate of ours, for a backend that asks."},
          any_text(), own(&CertificateFiles::certificate)),
      row({"key", kEmptyText, "A PEM file with its private key."}, any_text(), own(&CertificateFiles::key)),
  };
  return rows;
}

}  // namespace limpet::settings
