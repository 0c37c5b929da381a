// What an order about a backend would do, in sentences, before it is given. Pure. Any thread.
#pragma once

#include <string>
#include <vector>

#include "console/json.h"

namespace limpet::console {

// Of a backend, by pool and name.
struct BackendName {
  std::string pool;
  std::string name;

  friend bool operator==(const BackendName&, const BackendName&) = default;
};

// `status` and `backends` are the answers of GET /v1/status and GET /v1/backends.
[[nodiscard]] std::vector<std::string> drain_plan(const Json& status, const Json& backends,
                                                  const BackendName& whom);
[[nodiscard]] std::vector<std::string> enable_plan(const Json& backends, const BackendName& whom);

// A rate as the endpoint writes it, "50/s"; 0 = no limit.
[[nodiscard]] double per_second(const std::string& rate);

}  // namespace limpet::console
