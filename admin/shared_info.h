// What GET /v1/status tells of the state that is shared with other nodes. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace limpet::admin {

struct SharedStateInfo {
  bool is_up = false;
  std::string redis;      // its URL without the password
  std::string peer;       // whom it is connected to; empty = nobody
  std::string fault;      // a word; empty while up, and before the first attempt has ended
  std::string detail;     // of the fault
  Duration since{};       // it is so
  std::size_t nodes = 0;  // others that are heard
  std::uint64_t claims = 0;
  std::uint64_t agreed = 0;
  std::uint64_t followed = 0;
  std::uint64_t failed = 0;
  std::uint64_t changes = 0;
  std::uint64_t garbage = 0;
};

}  // namespace limpet::admin
