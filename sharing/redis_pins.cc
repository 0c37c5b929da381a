#include "sharing/redis_pins.h"

#include <algorithm>
#include <array>
#include <utility>

namespace limpet::sharing {

namespace {

// KEYS[1] the pin; ARGV: value, name that gives way, ttl in ms, channel, the change as a message, "1" where
// an operator has spoken. Answers the value that holds. What is no value of ours is replaced, whatever its
// type.
constexpr std::string_view kClaim = R"(
local form = '^1|%l+|[01]|(.+)$'
local held = redis.pcall('GET', KEYS[1])
if type(held) ~= 'string' then held = false end
local holder = held and string.match(held, form)
if holder and holder ~= ARGV[2] and ARGV[6] ~= '1' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return held
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
if ARGV[6] == '1' or (holder and holder ~= string.match(ARGV[1], form)) then
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return ARGV[1]
)";

// An answer that was overtaken, or that names a backend which is not known here, makes a claim anew.
constexpr int kMostTries = 4;
// What operators say while the Redis is away is kept for so many keys.
constexpr std::size_t kMostUntold = 10'000;

constexpr Duration kRefreshStep = std::chrono::milliseconds(50);
constexpr std::size_t kRefreshedAStep = 512;
// A pin is refreshed so many times before it would expire.
constexpr int kRefreshesALife = 4;
constexpr Duration kLongestRefresh = std::chrono::minutes(1);
constexpr Duration kShortestRefresh = std::chrono::milliseconds(250);

constexpr std::string_view kYes = "1";
constexpr std::string_view kNo = "0";

}  // namespace

RedisPins::RedisPins(const Parts& parts, std::string prefix, Duration patience)
    : parts_(parts),
      prefix_(std::move(prefix)),
      channel_("{" + prefix_ + "}:pins"),
      patience_(patience),
      questions_(parts.loop, [this](PinQuestion&& question) { on_question(std::move(question)); }),
      began_(parts.loop.now()),
      timer_(parts.loop, kRefreshStep, [this] { refresh_some(); }) {}

RedisPins::~RedisPins() = default;

void RedisPins::on_question(PinQuestion question) {
  auto claim = std::make_shared<Claim>();
  claim->question = std::move(question);
  const PinQuestion& asked = claim->question;
  const affinity::PoolView* const pool = parts_.pools.pool_by_id(asked.pool);
  if (pool == nullptr || !is_open()) {
    reply(*claim, false);
    return;
  }
  const backends::Backend* const old = pool->backends.by_id(asked.instead_of);
  claim->pool = pool->name;
  claim->key = write_key(prefix_, pool->name, asked.key);
  claim->instead_of = old == nullptr ? "" : old->spec.name;
  send(claim);
}

void RedisPins::send(const ClaimPtr& claim) {
  const PinQuestion& asked = claim->question;
  const affinity::PoolView* const pool = parts_.pools.pool_by_id(asked.pool);
  const backends::Backend* const backend =
      pool == nullptr ? nullptr : pool->backends.by_id(asked.proposed.backend);
  if (backend == nullptr || ++claim->tries > kMostTries) {
    reply(*claim, false);
    return;
  }
  const PinChange change{.pool = claim->pool,
                         .key = asked.key,
                         .pin = SharedPin{backend->spec.name, asked.proposed.reason, asked.proposed.by_hand}};
  const std::string value = write_value(*change.pin);
  const std::string message = write_change(change);
  const std::string ttl = std::to_string(std::max<Duration::rep>(asked.ttl.count(), 1));
  const std::array<std::string_view, 10> words{"EVAL",  kClaim,
                                               kYes,    claim->key,
                                               value,   claim->instead_of,
                                               ttl,     channel_,
                                               message, claim->by_operator ? kYes : kNo};
  ++counts_.claims;
  ++under_way_[claim->key].claims;
  parts_.redis.send(words, [this, claim](const RedisAnswer& answer) { on_answer(claim, answer); });
}

void RedisPins::on_answer(const ClaimPtr& claim, const RedisAnswer& answer) {
  const auto under_way = under_way_.find(claim->key);
  const std::optional<std::string> heard = under_way->second.heard;
  if (--under_way->second.claims == 0) {
    under_way_.erase(under_way);
  }
  const bool is_value = answer.ok() && answer->kind == Reply::Kind::Text;
  const auto holder = is_value ? read_value(answer->text) : std::nullopt;
  if (!holder) {
    ++counts_.failed;
    counts_.garbage += is_value ? 1U : 0U;
    reply(*claim, false);
  } else if (settle(*claim, *holder, heard.value_or(holder->backend) != holder->backend)) {
    reply(*claim, true);
  } else {
    send(claim);
  }
}

bool RedisPins::settle(Claim& claim, const SharedPin& holder, bool was_overtaken) {
  const PinQuestion& asked = claim.question;
  const affinity::PoolView* const pool = parts_.pools.pool_by_id(asked.pool);
  if (pool == nullptr) {
    return true;  // the decision finds out
  }
  if (was_overtaken) {
    claim.instead_of.clear();
    return false;
  }
  const backends::Backend* const backend = pool->backends.by_name(holder.backend);
  if (backend == nullptr) {
    claim.instead_of = holder.backend;  // not one of ours: nobody can be sent there
    return false;
  }
  const affinity::Pin pin{.backend = backend->id, .reason = holder.reason, .by_hand = holder.by_hand};
  ++(backend->id == asked.proposed.backend ? counts_.agreed : counts_.followed);
  if (asked.asker != nullptr) {
    parts_.table.agree(asked.pool, asked.key, pin, asked.ttl, parts_.loop.now());
  } else {
    static_cast<void>(parts_.table.heed(asked.pool, asked.key, pin, asked.ttl, parts_.loop.now()));
  }
  return true;
}

void RedisPins::reply(const Claim& claim, bool is_settled) {
  if (claim.question.asker != nullptr) {
    claim.question.asker->answer({.question = claim.question.question, .is_settled = is_settled});
  }
}

void RedisPins::tell_set(const affinity::PoolView& pool, const affinity::Key& key,
                         const std::string& backend) {
  const backends::Backend* const target = pool.backends.by_name(backend);
  if (target == nullptr) {
    return;
  }
  auto claim = std::make_shared<Claim>(Claim{
      .question = {.pool = pool.id,
                   .key = key,
                   .proposed = {.backend = target->id, .reason = affinity::PinReason::Moved, .by_hand = true},
                   .ttl = pool.rule.ttl},
      .pool = pool.name,
      .key = write_key(prefix_, pool.name, key),
      .instead_of = {},
      .by_operator = true});
  if (is_open()) {
    send(claim);
  } else if (untold_.size() < kMostUntold || untold_.contains(claim->key)) {
    untold_[claim->key] = std::move(claim);
  }
}

void RedisPins::tell_forgotten(const affinity::PoolView& pool, const affinity::Key& key) {
  const std::string name = write_key(prefix_, pool.name, key);
  untold_.erase(name);
  const std::string message = write_change({.pool = pool.name, .key = key, .pin = std::nullopt});
  const std::array<std::string_view, 2> forget{"DEL", name};
  const std::array<std::string_view, 3> publish{"PUBLISH", channel_, message};
  parts_.redis.send(forget, [](const RedisAnswer&) {});
  parts_.redis.send(publish, [](const RedisAnswer&) {});
}

void RedisPins::on_open() {
  for (auto& [name, claim] : std::exchange(untold_, {})) {
    claim->tries = 0;
    send(claim);
  }
  refreshes_ = true;
  cursor_ = 0;
  used_since_ = Instant{};  // what was made meanwhile is made known, what was missed is asked for
  began_ = parts_.loop.now();
}

void RedisPins::on_closed() {
  parts_.table.forget_agreements();
  refreshes_ = false;
}

void RedisPins::on_message(std::string_view channel, std::string_view text) {
  if (channel != channel_) {
    return;
  }
  const auto change = read_change(text);
  if (!change) {
    ++counts_.garbage;
    return;
  }
  heed(*change);
}

// This node's own changes come back too: so all nodes hear them in one order, and end with the same.
void RedisPins::heed(const PinChange& change) {
  const auto under_way = under_way_.find(write_key(prefix_, change.pool, change.key));
  if (under_way != under_way_.end()) {
    under_way->second.heard = change.pin ? change.pin->backend : "";
  }
  const affinity::PoolView* const pool = parts_.pools.pool_by_name(change.pool);
  if (pool == nullptr) {
    return;
  }
  const backends::Backend* const backend = change.pin ? pool->backends.by_name(change.pin->backend) : nullptr;
  if (backend == nullptr) {
    // Forgotten, or moved to somewhere that is not known here: whoever comes next asks again.
    counts_.changes += parts_.table.forget(pool->id, change.key) ? 1U : 0U;
    return;
  }
  const affinity::Pin pin{
      .backend = backend->id, .reason = change.pin->reason, .by_hand = change.pin->by_hand};
  const bool is_known = parts_.table.heed(pool->id, change.key, pin, pool->rule.ttl, parts_.loop.now());
  counts_.changes += is_known ? 1U : 0U;
}

Duration RedisPins::refresh_period() const {
  Duration shortest = kRefreshesALife * kLongestRefresh;
  for (const affinity::PoolView& pool : parts_.pools.pools()) {
    shortest = std::min(shortest, pool.rule.ttl);
  }
  return std::max(shortest / kRefreshesALife, kShortestRefresh);
}

// A slice of the table: each pin that was used since the last refresh began is claimed as it is here. That
// keeps it alive, makes it known to a Redis that has lost it, and brings in what was changed unheard.
void RedisPins::refresh_some() {
  const Instant now = parts_.loop.now();
  if (!is_open()) {
    return;
  }
  if (!refreshes_) {
    if (now - began_ < refresh_period()) {
      return;
    }
    refreshes_ = true;
    used_since_ = began_;
    began_ = now;
    cursor_ = 0;
  }
  const auto page = parts_.table.list(cursor_, kRefreshedAStep, {}, now);
  for (const affinity::PinView& view : page.entries) {
    if (view.sessions > 0 || view.last_seen >= used_since_) {
      on_question({.pool = view.pool,
                   .key = affinity::Key::make(view.kind, view.key),
                   .proposed = view.pin,
                   .ttl = view.ttl});
    }
  }
  cursor_ = page.next;
  refreshes_ = page.next != 0;
}

}  // namespace limpet::sharing
