#include "net/tls_names.h"

#include <algorithm>

#include "base/text.h"

namespace limpet::net {

void TlsNames::add(const std::vector<std::string>& names, int key_kind) {
  const std::size_t index = kinds_.size();
  kinds_.push_back(key_kind);
  for (const std::string& name : names) {
    Set& set = sets_[name];
    const bool has_kind =
        std::ranges::any_of(set, [&](std::size_t other) { return kinds_[other] == key_kind; });
    if (!has_kind) {
      set.push_back(index);
    }
  }
  if (index == 0) {
    first_ = names.front();
  }
}

const TlsNames::Set& TlsNames::find(std::string_view name) const {
  std::string wanted(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
  std::ranges::transform(wanted, wanted.begin(), ascii_lower);
  auto found = sets_.find(wanted);
  if (found == sets_.end() && wanted.find('.') != std::string::npos && wanted.front() != '.') {
    found = sets_.find("*" + wanted.substr(wanted.find('.')));
  }
  return found != sets_.end() ? found->second : sets_.find(first_)->second;
}

}  // namespace limpet::net
