// AdminClient: asks the admin endpoint of a running limpet, for the command line: one call a connection,
// blocking, bounded waits. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"

namespace limpet::app {

struct AdminAnswer {
  int status = 0;
  std::string body;
};

struct AdminCall {
  std::string_view method = "GET";
  std::string target;  // path and query, percent-encoded
  std::string body{};  // JSON; empty = none
  // How long the connection, the taking of the call and each piece of the answer are waited for.
  Duration patience = std::chrono::seconds(5);
};

class AdminClient {
 public:
  // "http://host:port" or "unix:/path"; the error is one of usage. `token`: a bearer token, or empty for
  // none.
  [[nodiscard]] static Result<AdminClient> at(std::string_view url, std::string token = {});

  // Any status but 401 is an answer; the error says what to do.
  [[nodiscard]] Result<AdminAnswer> call(const AdminCall& call) const;
  [[nodiscard]] Result<AdminAnswer> get(std::string_view target) const {
    return call({.target = std::string(target)});
  }

 private:
  AdminClient(std::string url, Endpoint endpoint, std::string token)
      : url_(std::move(url)), endpoint_(std::move(endpoint)), token_(std::move(token)) {}

  std::string url_;  // as given, for messages
  Endpoint endpoint_;
  std::string token_;  // empty = none is sent
};

}  // namespace limpet::app
