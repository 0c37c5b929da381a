// What differs between the tls sections of listeners and backends. Declared in difference_rows.h.
#include "settings/difference_rows.h"

namespace limpet::settings {

namespace {

constexpr std::string_view kSection = "tls";
constexpr std::string_view kCertificates = "certificates";

std::string files_of(const ListenerTls& tls) {
  std::string files = "[";
  for (const CertificateFiles& pair : tls.certificates) {
    files.append(files.size() > 1 ? ", " : "").append(pair.certificate).append(" ").append(pair.key);
  }
  return files + "]";
}

std::string text_of(const ListenerTls& tls) {
  return summary(listener_tls_rows(), tls) + ", " + std::string(kCertificates) + ": " + files_of(tls);
}

std::string text_of(const BackendTls& tls) {
  return summary(backend_tls_rows(), tls);
}

void compare_parts(const ListenerTls& from, const ListenerTls& to, const Change& model,
                   std::vector<Change>& changes) {
  compare(listener_tls_rows(), from, to, model, changes);
  if (from.certificates != to.certificates) {
    Change& change = changes.emplace_back(model);
    change.key = join_key(model.key, kCertificates);
    change.from = files_of(from);
    change.to = files_of(to);
  }
}

void compare_parts(const BackendTls& from, const BackendTls& to, const Change& model,
                   std::vector<Change>& changes) {
  compare(backend_tls_rows(), from, to, model, changes);
}

template <typename Tls>
void compare_sections(const std::optional<Tls>& from, const std::optional<Tls>& to, const Change& model,
                      std::vector<Change>& changes) {
  Change inner = model;
  inner.key = join_key(model.key, kSection);
  if (from && to) {
    compare_parts(*from, *to, inner, changes);
  } else if (from || to) {
    inner.from = tls_text(from);
    inner.to = tls_text(to);
    changes.push_back(std::move(inner));
  }
}

}  // namespace

std::string tls_text(const std::optional<ListenerTls>& tls) {
  return tls ? text_of(*tls) : "off";
}

std::string tls_text(const std::optional<BackendTls>& tls) {
  return tls ? text_of(*tls) : "off";
}

void compare_tls(const Listener& from, const Listener& to, const Change& model,
                 std::vector<Change>& changes) {
  compare_sections(from.tls, to.tls, model, changes);
}

void compare_tls(const Backend& from, const Backend& to, const Change& model, std::vector<Change>& changes) {
  compare_sections(from.tls, to.tls, model, changes);
}

}  // namespace limpet::settings
