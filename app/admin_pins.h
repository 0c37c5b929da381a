// The affinity table as the admin endpoint shows and changes it: names become numbers and back, words of an
// operator become pins. Free functions over a snapshot, so that no server is needed to test them. Control
// thread.
#pragma once

#include "admin/source.h"
#include "affinity/decide.h"
#include "affinity/table.h"
#include "base/clock.h"
#include "proxy/snapshot.h"

namespace limpet::app {

// What a call looks at. `snapshot` is borrowed for the call.
struct PinContext {
  const proxy::Snapshot& snapshot;
  affinity::AffinityTable& table;
  Instant now;
  WallTime wall_now;
};

struct LocatedBackend {
  const affinity::PoolView* pool = nullptr;
  const backends::Backend* backend = nullptr;
};
// 404 when there is none, 400 when several pools have one of that name. An empty name locates nothing (null).
[[nodiscard]] admin::OrRefusal<LocatedBackend> locate(const proxy::Snapshot& snapshot,
                                                      const admin::BackendChoice& choice);
// 409: a backend that is no longer configured takes no orders.
[[nodiscard]] admin::Refusal leaves_with_its_last_session();
// The pool of that name; with an empty name the only one there is.
[[nodiscard]] admin::OrRefusal<const affinity::PoolView*> locate_pool(const proxy::Snapshot& snapshot,
                                                                      std::string_view name);

[[nodiscard]] admin::OrRefusal<admin::PinPage> list_pins(const PinContext& context,
                                                         const admin::PinQuery& query);
// The key may be the address of a client although the pool keys on its network.
[[nodiscard]] admin::OrRefusal<admin::PinInfo> find_pin(const PinContext& context,
                                                        const admin::KeyChoice& choice);
// A key that is not in the table needs a pool and a kind that can be told from the rule of the pool, or are
// given.
[[nodiscard]] admin::OrRefusal<admin::PinInfo> set_pin(const PinContext& context,
                                                       const admin::KeyChoice& choice,
                                                       const std::string& backend);
[[nodiscard]] admin::OrRefusal<admin::PinInfo> forget_pin(const PinContext& context,
                                                          const admin::KeyChoice& choice);

// admin_explain.cc. Changes nothing.
[[nodiscard]] admin::OrRefusal<admin::Explanation> explain(const PinContext& context,
                                                           const admin::ExplainQuery& query);

// The key by which the pool knows a client of that address; none when it does not key on addresses.
[[nodiscard]] std::optional<affinity::Key> address_key(const affinity::PoolView& pool,
                                                       const IpAddress& address);

}  // namespace limpet::app
