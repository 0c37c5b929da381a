// EventWatch: tells what has become of backends and configuration since the last look, whoever changed it and
// however. What changes there and back between two looks is not seen. Pure; time is an argument. Control
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "admin/history.h"
#include "affinity/decide.h"
#include "backends/backend.h"
#include "base/clock.h"

namespace limpet::admin {

class EventWatch {
 public:
  // How things are.
  struct Sight {
    const std::vector<affinity::PoolView>& pools;
    std::uint64_t generation = 0;  // of the configuration
    WallTime now;
  };
  // The first look finds nothing new.
  [[nodiscard]] std::vector<Event> look(const Sight& sight);

 private:
  struct Known {
    std::string pool;
    std::string name;
    backends::Health health = backends::Health::Unknown;
    backends::Mode mode = backends::Mode::Enabled;
    std::uint32_t sessions = 0;
    bool is_leaving = false;
    std::uint64_t seen = 0;  // the look that saw it last
  };

  void compare(const affinity::PoolView& pool, const backends::Backend& backend, WallTime now);
  void tell_gone(WallTime now);

  std::unordered_map<backends::BackendId, Known> known_;
  std::vector<Event> found_;  // by this look
  std::uint64_t generation_ = 0;
  std::uint64_t looks_ = 0;
};

}  // namespace limpet::admin
