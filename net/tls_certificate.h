// TlsCertificate: a certificate with its chain and its key, read from files and checked against each other.
// Owned by the context that uses it; immutable. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace limpet::net {

// One mistake in what a context is made from.
struct TlsTrouble {
  enum class Part : std::uint8_t { Certificate, Key, Ca };

  std::size_t item = 0;  // which certificate, where there are several
  Part part = Part::Certificate;
  std::string detail;  // names the file and the remedy
};
using TlsTroubles = std::vector<TlsTrouble>;

struct TlsFiles {
  std::string certificate;  // PEM: the certificate, then its chain
  std::string key;          // PEM, not encrypted

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

class TlsCertificate {
 public:
  // Reads both files. Both mistakes are told when there are two.
  [[nodiscard]] static std::variant<TlsCertificate, TlsTroubles> read(const TlsFiles& files);
  ~TlsCertificate();
  TlsCertificate(TlsCertificate&&) noexcept;
  TlsCertificate& operator=(TlsCertificate&&) noexcept;

  // False when the library refuses it; its error queue says why.
  [[nodiscard]] bool use_in(ssl_ctx_st* context) const;

  // DNS names and addresses it is for, in lower case, "*.example.com" among them; without any the common
  // name.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] WallTime not_after() const noexcept { return not_after_; }
  // RSA, EC, ...: certificates of different kinds stand side by side for one name.
  [[nodiscard]] int key_kind() const noexcept { return key_kind_; }
  // Others than the owner may read the key.
  [[nodiscard]] bool key_is_open() const noexcept { return key_is_open_; }
  // Of the contents of both files: the same again means that nothing has changed.
  [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }

 private:
  struct Parts;
  explicit TlsCertificate(std::unique_ptr<Parts> parts) noexcept;
  void read_facts();

  std::unique_ptr<Parts> parts_;
  std::vector<std::string> names_;
  WallTime not_after_{};
  int key_kind_ = 0;
  bool key_is_open_ = false;
  std::string fingerprint_;
};

// The certificates of a CA file, added to what `context` trusts; with `names` also sent to clients as whose
// certificates are wanted. Empty = done, else what is wrong.
[[nodiscard]] std::string trust_file(ssl_ctx_st* context, const std::string& path, bool names);
// A digest of a file's contents; empty when it cannot be read.
[[nodiscard]] std::string file_digest(const std::string& path);

}  // namespace limpet::net
