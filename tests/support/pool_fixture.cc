#include "tests/support/pool_fixture.h"

#include <string>

#include "affinity/walk.h"

namespace limpet::test {

affinity::PoolView pool_at(const std::vector<SocketAddress>& addresses) {
  affinity::PoolView pool;
  pool.id = 1;
  pool.name = "default";
  crypto::Key key;
  key.fill(7);
  pool.codec = std::make_shared<affinity::CookieCodec>(std::vector{key});
  std::vector<backends::Backend> list;
  for (const SocketAddress& address : addresses) {
    backends::Backend backend;
    backend.id = static_cast<backends::BackendId>(list.size() + 1);
    backend.spec.name = "b" + std::to_string(backend.id);
    backend.name_hash = affinity::hash_name(backend.spec.name);
    backend.address = address;
    backend.state = std::make_shared<backends::BackendState>();
    list.push_back(std::move(backend));
  }
  pool.backends = backends::BackendSet(std::move(list));
  return pool;
}

}  // namespace limpet::test
