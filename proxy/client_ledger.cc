#include "proxy/client_ledger.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include "base/assert.h"
#include "base/crypto.h"
#include "base/random.h"

namespace limpet::proxy {

namespace {

using Nanoseconds = std::chrono::nanoseconds;
// Finer than Instant, so that the interval between handshakes is exact enough for any rate.
using FineInstant = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;

// Enough that workers hardly ever meet; one worker holds one lock at a time.
constexpr std::size_t kShards = 64;
constexpr std::size_t kNetworkBytes = 8;  // of an IPv6 /64
// Idle entries that are looked at for one that has paid off, each time a handshake begins: more than come to
// be.
constexpr int kSweepLooks = 2;
constexpr Duration kLongestUnit = std::chrono::hours(24);
// How far the clock of one worker may lag behind that of another (each reads it once a turn of its loop)
// without a debt looking like one of other limits.
constexpr Nanoseconds kMostLag = std::chrono::seconds(10);

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number = number << 8U | bytes[i];
  }
  return number;
}

// One step of the generator is a good mixer and a bijection.
struct Hash {
  std::uint64_t seed = 0;

  std::size_t operator()(ClientId client) const noexcept {
    return Random(seed ^ static_cast<std::uint64_t>(client)).next();
  }
};

// The generic cell rate algorithm: a token bucket told by one instant, at which it will be full again. A
// handshake moves that by one interval, and may not move it further than a whole bucket ahead. Answers zero
// when a handshake may begin, and charges it; else the time until one may, and charges nothing.
Nanoseconds charge(FineInstant& full_at, const ClientLimits& limits, FineInstant now) noexcept {
  const std::int64_t burst = limits.handshakes;
  const Nanoseconds per = std::clamp(limits.per, Duration::zero(), kLongestUnit);
  const Nanoseconds interval = (per + Nanoseconds(burst - 1)) / burst;  // rounded up: never above the rate
  const Nanoseconds bucket = interval * burst;
  if (full_at - now > bucket + kMostLag) {
    full_at = now + bucket;  // owed under other limits, or before the clock went back
  }
  const Nanoseconds wait = full_at - now + interval - bucket;
  if (wait > Nanoseconds::zero()) {
    return wait;
  }
  full_at = std::max(full_at, now) + interval;
  return Nanoseconds::zero();
}

std::uint32_t whole_seconds(Nanoseconds wait) noexcept {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

}  // namespace

ClientId client_id(const IpAddress& address) noexcept {
  const auto& bytes = address.bytes();
  if (!address.is_v4()) {
    return ClientId{big_endian(bytes.data(), kNetworkBytes)};
  }
  // As the network 0:1:x:y::/64, which is reserved (RFC 4291 4): no IPv6 client can have it.
  constexpr std::size_t kV4Bytes = 4;
  constexpr std::uint64_t kV4 = std::uint64_t{1} << 32U;
  return ClientId{kV4 | big_endian(bytes.data() + bytes.size() - kV4Bytes, kV4Bytes)};
}

struct ClientLedger::Shard {
  struct Entry {
    FineInstant full_at;                                // nothing is owed from then on
    std::pair<const ClientId, Entry>* older = nullptr;  // of the idle ones
    std::pair<const ClientId, Entry>* newer = nullptr;
    std::uint32_t sessions = 0;  // 0 = idle: it hangs on the list
  };
  using Client = std::pair<const ClientId, Entry>;

  Shard(std::uint64_t seed, std::size_t idle_bound) : clients(0, Hash{seed}), max_idle(idle_bound) {}

  // Becomes the newest of the idle ones; the oldest goes where they are too many.
  void hang(Client& client) {
    client.second.older = newest;
    client.second.newer = nullptr;
    (newest == nullptr ? oldest : newest->second.newer) = &client;
    newest = &client;
    if (++idle > max_idle) {
      drop(*oldest);
    }
  }
  void unhang(Client& client) noexcept {
    const Entry& entry = client.second;
    (entry.older == nullptr ? oldest : entry.older->second.newer) = entry.newer;
    (entry.newer == nullptr ? newest : entry.newer->second.older) = entry.older;
    --idle;
  }
  void drop(Client& client) {
    unhang(client);
    clients.erase(clients.find(client.first));
  }
  // Drops a few of the oldest that owe nothing.
  void sweep(FineInstant now) {
    for (int i = 0; i < kSweepLooks && oldest != nullptr && oldest->second.full_at <= now; ++i) {
      drop(*oldest);
    }
  }

  mutable std::mutex mutex;
  // The rest is guarded by mutex.
  std::unordered_map<ClientId, Entry, Hash> clients;
  std::size_t max_idle;
  std::size_t idle = 0;
  Client* oldest = nullptr;  // of the idle ones, by when their last session ended
  Client* newest = nullptr;
};

ClientLedger::ClientLedger(std::size_t max_idle) : seed_(crypto::random_seed()) {
  for (std::size_t i = 0; i < kShards; ++i) {
    shards_.push_back(std::make_unique<Shard>(crypto::random_seed(), max_idle / kShards));
  }
}

ClientLedger::~ClientLedger() = default;

ClientLedger::Shard& ClientLedger::shard_of(ClientId client) const noexcept {
  return *shards_[Hash{seed_}(client) % kShards];
}

ClientLedger::Answer ClientLedger::admit(ClientId client, const ClientLimits& limits, Instant now) {
  Shard& shard = shard_of(client);
  const std::scoped_lock lock(shard.mutex);
  shard.sweep(now);
  const auto [place, is_new] = shard.clients.try_emplace(client, Shard::Entry{.full_at = now});
  Shard::Entry& entry = place->second;
  // Neither refuses a new client: both limits allow one.
  if (limits.sessions != 0 && entry.sessions >= limits.sessions) {
    return {.admission = Admission::TooManySessions};
  }
  const Nanoseconds wait = limits.handshakes == 0 ? Nanoseconds::zero() : charge(entry.full_at, limits, now);
  if (wait > Nanoseconds::zero()) {
    return {.admission = Admission::TooFast, .retry_after_s = whole_seconds(wait)};
  }
  if (!is_new && entry.sessions == 0) {
    shard.unhang(*place);
  }
  ++entry.sessions;
  return {};
}

void ClientLedger::leave(ClientId client, Instant now) {
  Shard& shard = shard_of(client);
  const std::scoped_lock lock(shard.mutex);
  const auto place = shard.clients.find(client);
  const bool is_seated = place != shard.clients.end() && place->second.sessions > 0;
  LIMPET_ASSERT(is_seated, "only who was admitted leaves");
  if (!is_seated || --place->second.sessions > 0) {
    return;
  }
  if (place->second.full_at <= now) {
    shard.clients.erase(place);
  } else {
    shard.hang(*place);
  }
}

std::size_t ClientLedger::size() const {
  std::size_t total = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    total += shard->clients.size();
  }
  return total;
}

}  // namespace limpet::proxy
