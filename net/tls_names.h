// Which certificates serve a name: exact names before wildcards of one label (RFC 6125 6.4.3), and for one
// name at most one certificate of each kind of key, the first in the list. Pure. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace limpet::net {

class TlsNames {
 public:
  // Indices into what was added, each of another kind of key.
  using Set = std::vector<std::size_t>;

  // The next certificate: its names in lower case, and what kind its key is of.
  void add(const std::vector<std::string>& names, int key_kind);

  // For a name as a client sends it, in any case, with or without a dot at its end. Nobody's name, and none:
  // the set of the first name of the first certificate.
  [[nodiscard]] const Set& find(std::string_view name) const;
  // Every set there is, by name. Not empty once something was added.
  [[nodiscard]] const std::map<std::string, Set, std::less<>>& sets() const noexcept { return sets_; }

 private:
  std::map<std::string, Set, std::less<>> sets_;
  std::vector<int> kinds_;  // of each certificate
  std::string first_;       // the name of whoever is not found
};

}  // namespace limpet::net
