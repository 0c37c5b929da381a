#include "app/shared_state.h"

#include <utility>

#include "app/server.h"
#include "base/crypto.h"
#include "net/tls_client.h"

namespace limpet::app {

namespace {

sharing::RedisLinkOptions options_of(const settings::Redis& redis) {
  sharing::RedisLinkOptions options;
  options.url = redis.url;
  options.timeout = redis.timeout;
  options.tls.verify = redis.verify;
  options.tls.ca = redis.ca;
  options.seed = crypto::random_seed();
  return options;
}

}  // namespace

Result<std::unique_ptr<SharedState>> SharedState::start(Server& server, Log& log) {
  sharing::RedisLinkOptions options = options_of(server.settings().state.redis);
  if (options.url.tls) {
    const auto loaded = net::TlsClient::load(options.tls, std::make_shared<net::TlsCounts>());
    if (const auto* const troubles = std::get_if<net::TlsTroubles>(&loaded)) {
      return Error{ErrorCode::Unavailable, Side::Self, troubles->front().detail + " (state.redis.ca)"};
    }
  }
  std::unique_ptr<SharedState> state(new SharedState(server, log, std::move(options)));
  state->hub_.start();
  return state;
}

SharedState::SharedState(Server& server, Log& log, sharing::RedisLinkOptions options)
    : server_(server),
      connector_(server.loop()),
      names_(server.loop()),
      hub_({.loop = server.loop(), .connector = connector_, .names = names_}, std::move(options), log),
      pins_({.loop = server.loop(), .redis = hub_, .table = server.pins(), .pools = *this},
            server.settings().state.redis.prefix, server.settings().state.redis.timeout),
      loads_(server.loop(), hub_, *this, server.settings().state.redis.prefix),
      publisher_({.loop = server.loop(), .redis = hub_, .here = server.publisher()},
                 server.settings().state.redis.prefix) {
  hub_.admit(pins_, pins_.channels());
  hub_.admit(loads_, loads_.channels());
  hub_.admit(publisher_, publisher_.channels());
}

SharedState::~SharedState() {
  hub_.stop();
}

admin::SharedStateInfo SharedState::info() const {
  const sharing::RedisHubStatus hub = hub_.status();
  const sharing::RedisPinsCounts& pins = pins_.counts();
  return {.is_up = hub.is_open,
          .redis = server_.settings().state.redis.url.to_string(),
          .peer = hub.peer,
          .fault = hub.fault,
          .detail = hub.detail,
          .since = server_.loop().now() - hub.since,
          .nodes = loads_.nodes(),
          .claims = pins.claims,
          .agreed = pins.agreed,
          .followed = pins.followed,
          .failed = pins.failed,
          .changes = pins.changes,
          .garbage = pins.garbage};
}

const affinity::PoolView* SharedState::pool_by_id(affinity::PoolId id) const {
  return server_.snapshot()->pool(id);
}

const affinity::PoolView* SharedState::pool_by_name(std::string_view name) const {
  return server_.roster().builder().find_view(*server_.snapshot(), std::string(name));
}

std::span<const affinity::PoolView> SharedState::pools() const {
  return server_.snapshot()->pools;
}

}  // namespace limpet::app
