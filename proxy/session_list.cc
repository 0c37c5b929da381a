#include "proxy/session_list.h"

#include <algorithm>

#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// Slots looked at a page: some microseconds of the worker's time.
constexpr std::size_t kMostLooked = 4096;

}  // namespace

SessionPage list_sessions(const SessionList& list, std::size_t from, std::size_t limit,
                          std::optional<backends::BackendId> backend) {
  SessionPage page;
  const std::size_t end = std::min(list.slots(), from + kMostLooked);
  std::size_t slot = from;
  for (; slot < end && page.sessions.size() < limit; ++slot) {
    const Tunnel* const tunnel = list.at(slot);
    if (tunnel != nullptr && (!backend || tunnel->backend() == *backend)) {
      page.sessions.push_back(tunnel->view());
    }
  }
  page.next = slot < list.slots() ? slot : 0;
  return page;
}

}  // namespace limpet::proxy
