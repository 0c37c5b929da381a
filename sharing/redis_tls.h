// RedisTls: what is needed to speak TLS with the servers of one URL. Each is verified by its own name, so a
// master that a Sentinel names, or a node of a cluster, has a context of its own. Owned by the link. Control.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/tls_client.h"
#include "sharing/redis_fault.h"

namespace limpet::sharing {

class RedisTls {
 public:
  // `counts` null = counts of its own.
  RedisTls(net::TlsClientOptions options, std::shared_ptr<net::TlsCounts> counts);

  // The failure names the file and the remedy.
  [[nodiscard]] std::variant<net::TlsClientPtr, RedisFailure> client_for(const std::string& host);

 private:
  static constexpr std::size_t kMostKept = 16;  // a few servers share a URL

  net::TlsClientOptions options_;  // an empty server_name stands for the host
  std::shared_ptr<net::TlsCounts> counts_;
  std::vector<std::pair<std::string, net::TlsClientPtr>> kept_;  // by name
};

}  // namespace limpet::sharing
