#include "sharing/redis_link.h"

#include <utility>

#include "sharing/link_core.h"

namespace limpet::sharing {

RedisLink::RedisLink(const RedisNet& net, RedisLinkOptions options, RedisLinkEvents& events)
    : core_(std::make_unique<Core>(net, std::move(options), events)) {}

RedisLink::~RedisLink() = default;

void RedisLink::start() {
  core_->start();
}

void RedisLink::stop() noexcept {
  core_->stop();
}

void RedisLink::send(std::span<const std::string_view> words, AnswerFn answer) {
  core_->send(words, std::move(answer));
}

bool RedisLink::is_up() const noexcept {
  return core_->is_up();
}

std::string RedisLink::peer() const {
  return core_->peer();
}

std::size_t RedisLink::outstanding() const noexcept {
  return core_->outstanding();
}

const RedisLinkCounts& RedisLink::counts() const noexcept {
  return core_->counts();
}

}  // namespace limpet::sharing
