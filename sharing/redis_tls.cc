#include "sharing/redis_tls.h"

#include <algorithm>

namespace limpet::sharing {

RedisTls::RedisTls(net::TlsClientOptions options, std::shared_ptr<net::TlsCounts> counts)
    : options_(std::move(options)),
      counts_(counts == nullptr ? std::make_shared<net::TlsCounts>() : std::move(counts)) {}

std::variant<net::TlsClientPtr, RedisFailure> RedisTls::client_for(const std::string& host) {
  net::TlsClientOptions options = options_;
  if (options.server_name.empty()) {
    options.server_name = host;
  }
  const auto known =
      std::ranges::find(kept_, options.server_name, &std::pair<std::string, net::TlsClientPtr>::first);
  if (known != kept_.end()) {
    return known->second;
  }
  auto loaded = net::TlsClient::load(options, counts_);
  if (const auto* const troubles = std::get_if<net::TlsTroubles>(&loaded)) {
    return RedisFailure{RedisFault::Tls, troubles->front().detail};
  }
  const auto& client = std::get<net::TlsClientPtr>(loaded);
  if (kept_.size() == kMostKept) {
    kept_.erase(kept_.begin());
  }
  kept_.emplace_back(options.server_name, client);
  return client;
}

}  // namespace limpet::sharing
