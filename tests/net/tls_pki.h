// Certificates for tests, made when they are needed, in a folder that goes with them.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "net/tls_certificate.h"
#include "tests/support/catch.h"

namespace limpet::test {

struct Wanted {
  std::string names{};  // "DNS:a.test,IP:127.0.0.1"
  bool rsa = false;
  long from_s = -3600;  // seconds from now
  long until_s = 3600;
  std::string common_name = "limpet test";
};

// An authority of its own and what it has signed.
class Pki {
 public:
  Pki() {
    std::string folder = (std::filesystem::temp_directory_path() / "limpet-pki-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    ca_key_ = EVP_EC_gen("P-256");
    ca_ = make(ca_key_, {.names = {}, .common_name = "limpet test CA"}, true);
    write_certificate(ca_file(), ca_);
  }
  ~Pki() {
    X509_free(ca_);
    EVP_PKEY_free(ca_key_);
    std::filesystem::remove_all(folder_);
  }
  Pki(const Pki&) = delete;
  Pki& operator=(const Pki&) = delete;

  [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // A new pair of files each time.
  [[nodiscard]] net::TlsFiles issue(const Wanted& wanted) {
    const std::string stem = path("leaf" + std::to_string(++count_));
    EVP_PKEY* const key = wanted.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509* const certificate = make(key, wanted, false);
    write_certificate(stem + ".pem", certificate);
    std::FILE* const file = std::fopen((stem + ".key").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    std::filesystem::permissions(stem + ".key", std::filesystem::perms::owner_read);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return {stem + ".pem", stem + ".key"};
  }

 private:
  static void write_certificate(const std::string& path, X509* certificate) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }

  static void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  X509* make(EVP_PKEY* key, const Wanted& wanted, bool is_ca) {
    X509* const made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made), wanted.from_s);
    X509_gmtime_adj(X509_getm_notAfter(made), wanted.until_s);
    X509_NAME* const subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()), -1, -1, 0);
    X509* const issuer = is_ca ? made : ca_;
    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    X509_set_pubkey(made, key);
    extend(made, issuer, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wanted.names.empty()) {
      extend(made, issuer, NID_subject_alt_name, wanted.names);
    }
    REQUIRE(X509_sign(made, ca_key_, EVP_sha256()) > 0);
    return made;
  }

  std::string folder_;
  EVP_PKEY* ca_key_ = nullptr;
  X509* ca_ = nullptr;
  long serial_ = 0;
  int count_ = 0;
};

}  // namespace limpet::test
