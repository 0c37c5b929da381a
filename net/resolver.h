// Names to addresses through the system's resolver, on libuv's helper threads: never waits. One thread: that
// of the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "net/uv_loop.h"

namespace limpet::net {

// Sorted and without duplicates, so that the same answer looks the same.
using Resolved = Result<std::vector<IpAddress>>;

// `done` is called later on the loop's thread, exactly once, also when the loop is about to end.
void resolve(UvLoop& loop, const std::string& name, std::function<void(Resolved)> done);

}  // namespace limpet::net
