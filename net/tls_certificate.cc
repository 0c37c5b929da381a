#include "net/tls_certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/crypto.h"
#include "base/result.h"
#include "base/text.h"
#include "net/fd.h"
#include "net/tls_library.h"

namespace limpet::net {

namespace {

// Chains of public CAs take 6 KiB, a bundle of all CAs there are 250 KiB.
constexpr std::size_t kLargestFile = std::size_t{1024} * 1024;

struct PemFile {
  std::string text;
  bool is_open = false;  // others may read it
};

Result<PemFile> read_pem(const std::string& path) {
  // Without O_NONBLOCK a pipe would be waited for.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (!fd.valid() || ::fstat(fd.get(), &facts) != 0) {
    return system_error(errno, Side::Self, "cannot open " + path);
  }
  if (!S_ISREG(facts.st_mode)) {
    return Error{ErrorCode::Invalid, Side::Self, path + " is not a regular file"};
  }
  PemFile file{.text = std::string(kLargestFile + 1, '\0'), .is_open = (facts.st_mode & S_IRWXO) != 0};
  const ssize_t size = ::read(fd.get(), file.text.data(), file.text.size());
  if (size < 0) {
    return system_error(errno, Side::Self, "cannot read " + path);
  }
  if (static_cast<std::size_t>(size) > kLargestFile) {
    return Error{ErrorCode::TooLarge, Side::Self, path + " is larger than 1 MiB"};
  }
  file.text.resize(static_cast<std::size_t>(size));
  return file;
}

BioPtr over(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to type a password: notes that one was asked for.
int refuse_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::vector<X509Ptr> read_certificates(const std::string& text) {
  std::vector<X509Ptr> all;
  const BioPtr bio = over(text);
  while (X509* const one = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(one);
  }
  return all;
}

// What ended the reading of certificates was not the end of the file but one that is damaged.
bool is_damaged() {
  const unsigned long error = ERR_peek_last_error();
  const bool is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  return error != 0 && !is_end;
}

std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  constexpr int kV4Bytes = 4;
  const int family = ASN1_STRING_length(bytes) == kV4Bytes ? AF_INET : AF_INET6;
  const char* const done = inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return done == nullptr ? "" : done;
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  auto* const list =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(list, i);
    if (name->type == GEN_DNS) {
      names.push_back(text_of(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      names.push_back(address_text(name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(list);
  return names;
}

std::string common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

}  // namespace

struct TlsCertificate::Parts {
  std::vector<X509Ptr> chain;  // the certificate first
  KeyPtr key;
};

TlsCertificate::TlsCertificate(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
TlsCertificate::~TlsCertificate() = default;
TlsCertificate::TlsCertificate(TlsCertificate&&) noexcept = default;
TlsCertificate& TlsCertificate::operator=(TlsCertificate&&) noexcept = default;

std::variant<TlsCertificate, TlsTroubles> TlsCertificate::read(const TlsFiles& files) {
  using Part = TlsTrouble::Part;
  ERR_clear_error();
  TlsTroubles troubles;
  const auto add = [&troubles](Part part, std::string detail) {
    troubles.push_back({.part = part, .detail = std::move(detail)});
  };
  auto parts = std::make_unique<Parts>();
  const auto certificate = read_pem(files.certificate);
  if (!certificate.ok()) {
    add(Part::Certificate, certificate.error().detail);
  } else {
    parts->chain = read_certificates(certificate->text);
    if (parts->chain.empty() || is_damaged()) {
      add(Part::Certificate, files.certificate + " holds no certificate in PEM, or a damaged one");
    }
  }
  ERR_clear_error();
  const auto key = read_pem(files.key);
  if (!key.ok()) {
    add(Part::Key, key.error().detail);
  } else {
    bool is_encrypted = false;
    parts->key.reset(PEM_read_bio_PrivateKey(over(key->text).get(), nullptr, refuse_password, &is_encrypted));
    if (is_encrypted) {
      add(Part::Key, files.key + " is encrypted: nobody is there to type its password (openssl pkey -in " +
                         files.key + " -out PLAIN)");
    } else if (parts->key == nullptr) {
      add(Part::Key, files.key + " holds no private key in PEM");
    }
  }
  ERR_clear_error();
  if (troubles.empty() && X509_check_private_key(parts->chain.front().get(), parts->key.get()) != 1) {
    add(Part::Key, files.key + " is not the key of the certificate in " + files.certificate);
  }
  ERR_clear_error();
  if (!troubles.empty()) {
    return troubles;
  }
  TlsCertificate read(std::move(parts));
  read.key_is_open_ = key->is_open;
  read.fingerprint_ = digest(certificate->text) + digest(key->text);
  read.read_facts();
  return read;
}

void TlsCertificate::read_facts() {
  const X509* const certificate = parts_->chain.front().get();
  names_ = alternative_names(certificate);
  if (names_.empty()) {
    names_.push_back(common_name(certificate));
  }
  for (std::string& name : names_) {
    std::ranges::transform(name, name.begin(), ascii_lower);
  }
  key_kind_ = EVP_PKEY_get_base_id(parts_->key.get());
  std::tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) == 1) {
    not_after_ = WallTime(std::chrono::seconds(timegm(&until)));
  }
}

bool TlsCertificate::use_in(ssl_ctx_st* context) const {
  if (SSL_CTX_use_certificate(context, parts_->chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, parts_->key.get()) != 1) {
    return false;
  }
  // Behind use_certificate(): a chain is that of the certificate that was given last.
  return std::all_of(parts_->chain.begin() + 1, parts_->chain.end(), [context](const X509Ptr& issuer) {
    return SSL_CTX_add1_chain_cert(context, issuer.get()) == 1;
  });
}

std::string trust_file(ssl_ctx_st* context, const std::string& path, bool names) {
  const auto file = read_pem(path);
  if (!file.ok()) {
    return file.error().detail;
  }
  ERR_clear_error();
  const std::vector<X509Ptr> authorities = read_certificates(file->text);
  const bool is_bad = authorities.empty() || is_damaged();
  ERR_clear_error();
  if (is_bad) {
    return path + " holds no certificate in PEM, or a damaged one";
  }
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1 ||
        (names && SSL_CTX_add_client_CA(context, authority.get()) != 1)) {
      return path + ": " + take_library_error();
    }
  }
  return {};
}

std::string file_digest(const std::string& path) {
  const auto file = read_pem(path);
  return file.ok() ? digest(file->text) : std::string();
}

}  // namespace limpet::net
