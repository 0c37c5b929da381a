#include "sharing/redis_hub.h"

#include <utility>

namespace limpet::sharing {

RedisHub::RedisHub(const RedisNet& net, RedisLinkOptions options, Log& log)
    : net_(net), options_(std::move(options)), log_(log), since_(net.loop.now()) {}

RedisHub::~RedisHub() {
  stop();
}

void RedisHub::admit(RedisTenant& tenant, const std::vector<std::string>& channels) {
  tenants_.push_back(&tenant);
  channels_.insert(channels_.end(), channels.begin(), channels.end());
}

void RedisHub::start() {
  commands_.link = std::make_unique<RedisLink>(net_, options_, commands_);
  RedisLinkOptions listening = options_;
  listening.channels = channels_;
  ++listening.seed;
  messages_.link = std::make_unique<RedisLink>(net_, std::move(listening), messages_);
  messages_.link->start();
  commands_.link->start();
}

void RedisHub::stop() noexcept {
  is_open_.store(false, std::memory_order_relaxed);
  for (End* const end : {&commands_, &messages_}) {
    if (end->link != nullptr) {
      end->link->stop();
    }
  }
}

void RedisHub::send(std::span<const std::string_view> words, AnswerFn answer) {
  commands_.link->send(words, std::move(answer));
}

// Each of the two is needed: without messages what others change would be missed.
void RedisHub::on_change(End& end, bool is_up, const RedisFailure& failure) {
  end.is_up = is_up;
  const bool was_open = is_open();
  const bool now_open = commands_.is_up && messages_.is_up;
  is_open_.store(now_open, std::memory_order_relaxed);
  if (now_open) {
    failure_.reset();
    since_ = net_.loop.now();
    log_.info("shared_state_up", {{"redis", options_.url.to_string()}, {"peer", commands_.link->peer()}});
    for (RedisTenant* const tenant : tenants_) {
      tenant->on_open();
    }
    return;
  }
  if (is_up || (failure_ && failure.fault == failure_->fault)) {
    return;
  }
  // When both are lost one line is enough.
  failure_ = failure;
  since_ = net_.loop.now();
  log_.warning(
      "shared_state_down",
      {{"redis", options_.url.to_string()}, {"fault", word(failure.fault)}, {"detail", failure.detail}});
  if (was_open) {
    for (RedisTenant* const tenant : tenants_) {
      tenant->on_closed();
    }
  }
}

void RedisHub::tell(std::string_view channel, std::string_view text) {
  for (RedisTenant* const tenant : tenants_) {
    tenant->on_message(channel, text);
  }
}

RedisHubStatus RedisHub::status() const {
  const bool has_links = commands_.link != nullptr;
  return {.is_open = is_open(),
          .peer = has_links ? commands_.link->peer() : "",
          .fault = failure_ ? std::string(word(failure_->fault)) : "",
          .detail = failure_ ? failure_->detail : "",
          .since = since_,
          .commands = has_links ? commands_.link->counts() : RedisLinkCounts{}};
}

}  // namespace limpet::sharing
