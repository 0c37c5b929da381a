// ListenerPool: where requests of one listener go that no route takes. A rule is broken here: it is shared,
// by the listener and the connections that came over it, because connections outlive a listener that a reload
// closes, and follow when a reload gives it another pool. Worker.
#pragma once

#include <memory>
#include <string>

namespace limpet::proxy {

struct ListenerPool {
  std::string name;  // empty = nowhere
};

using ListenerPoolPtr = std::shared_ptr<const ListenerPool>;

}  // namespace limpet::proxy
