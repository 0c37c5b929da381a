#include "sharing/load_exchange.h"

#include <array>
#include <utility>

#include "sharing/node_name.h"

namespace limpet::sharing {

namespace {

// What is believed of others at a time, so that nobody can fill the memory.
constexpr std::size_t kMostNodes = 256;

}  // namespace

LoadExchange::LoadExchange(net::UvLoop& loop, RedisPort& redis, const PoolDirectory& pools,
                           const std::string& prefix)
    : loop_(loop),
      redis_(redis),
      pools_(pools),
      channel_("{" + prefix + "}:load"),
      self_(make_node_name()),
      timer_(loop, kTellEvery, [this] { on_tick(); }) {}

void LoadExchange::on_tick() {
  const Instant now = loop_.now();
  forget_silent(now);
  if (redis_.is_open()) {
    tell(now);
  }
}

void LoadExchange::tell(Instant now) {
  const bool tells_all = now - told_all_ >= kTellAll;
  if (tells_all) {
    told_.clear();
  }
  std::vector<LoadItem> items;
  for (const affinity::PoolView& pool : pools_.pools()) {
    for (const backends::Backend& backend : pool.backends.all()) {
      const std::uint32_t load = backend.state->own_load();
      std::uint32_t& told = told_[backend.id];
      if (tells_all || load != told) {
        told = load;
        items.push_back({pool.name, backend.spec.name, load});
      }
      if (items.size() == kMostLoadItems) {
        send(std::exchange(items, {}));
      }
    }
  }
  if (!items.empty()) {
    send(std::move(items));
  }
  told_all_ = tells_all ? now : told_all_;
}

void LoadExchange::send(std::vector<LoadItem> items) {
  const std::string text = write_report({.node = self_, .items = std::move(items)});
  const std::array<std::string_view, 3> words{"PUBLISH", channel_, text};
  redis_.send(words, [](const RedisAnswer&) {});
}

void LoadExchange::on_message(std::string_view channel, std::string_view text) {
  const auto report = channel == channel_ ? read_report(text) : std::nullopt;
  const bool is_other = report && report->node != self_;
  if (!is_other || (nodes_.size() == kMostNodes && !nodes_.contains(report->node))) {
    return;
  }
  Node& node = nodes_[report->node];
  node.heard = loop_.now();
  for (const LoadItem& item : report->items) {
    const Name name{item.pool, item.backend};
    const affinity::PoolView* const pool = pools_.pool_by_name(item.pool);
    if (pool != nullptr && pool->backends.by_name(item.backend) != nullptr) {
      node.loads[name] = item.load;
      settle(name);
    }
  }
}

void LoadExchange::forget_silent(Instant now) {
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    if (now - node->second.heard < kForgetAfter) {
      ++node;
      continue;
    }
    const auto loads = std::move(node->second.loads);
    node = nodes_.erase(node);
    for (const auto& [name, load] : loads) {
      settle(name);
    }
  }
}

void LoadExchange::settle(const Name& name) {
  const affinity::PoolView* const pool = pools_.pool_by_name(name.first);
  const backends::Backend* const backend = pool == nullptr ? nullptr : pool->backends.by_name(name.second);
  if (backend == nullptr) {
    return;
  }
  std::uint32_t sum = 0;
  for (const auto& [id, node] : nodes_) {
    const auto found = node.loads.find(name);
    sum += found == node.loads.end() ? 0 : found->second;
  }
  backend->state->elsewhere.store(sum, std::memory_order_relaxed);
}

}  // namespace limpet::sharing
