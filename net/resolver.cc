#include "net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace limpet::net {

namespace {

struct Query {
  uv_getaddrinfo_t request{};
  std::string name;
  std::function<void(Resolved)> done;
};

Error failed(const std::string& name, int status) {
  return Error{ErrorCode::NotFound, Side::Backend, "cannot resolve \"" + name + "\": " + uv_strerror(status)};
}

std::vector<IpAddress> addresses_of(const addrinfo* list) {
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage native{};
    std::memcpy(&native, entry->ai_addr, std::min<std::size_t>(entry->ai_addrlen, sizeof(native)));
    addresses.push_back(SocketAddress::from_native(native, entry->ai_addrlen).ip());
  }
  std::sort(addresses.begin(), addresses.end(),
            [](const IpAddress& a, const IpAddress& b) { return a.bytes() < b.bytes(); });
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

void on_resolved(uv_getaddrinfo_t* request, int status, addrinfo* list) {
  const std::unique_ptr<Query> query(static_cast<Query*>(request->data));
  if (status != 0) {
    query->done(failed(query->name, status));
    return;
  }
  auto addresses = addresses_of(list);
  uv_freeaddrinfo(list);
  query->done(std::move(addresses));
}

}  // namespace

void resolve(UvLoop& loop, const std::string& name, std::function<void(Resolved)> done) {
  auto query = std::make_unique<Query>();
  query->request.data = query.get();
  query->name = name;
  query->done = std::move(done);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int status =
      uv_getaddrinfo(loop.native(), &query->request, &on_resolved, name.c_str(), nullptr, &hints);
  if (status != 0) {
    query->done(failed(name, status));
    return;
  }
  static_cast<void>(query.release());  // on_resolved takes it back
}

}  // namespace limpet::net
