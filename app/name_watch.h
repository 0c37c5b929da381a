// NameWatch: looks up the names of backends again and again and tells when an answer changes. A name that
// does not resolve is a backend that is down, not a reason to refuse to start. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "net/uv_loop.h"

namespace limpet::app {

class NameWatch {
 public:
  using OnAnswer = std::function<void(const std::string& host, std::optional<IpAddress> address)>;

  // `on_answer` is called for every answer; none = it does not resolve and never did.
  NameWatch(net::UvLoop& loop, Log& log, OnAnswer on_answer);
  ~NameWatch();

  // From now on these; what was known of others is forgotten.
  void watch(const std::set<std::string>& hosts);

 private:
  struct Name {
    bool asking = false;
    bool resolved = false;
    bool reported = false;  // its failure is in the log
    Instant next{};
  };
  struct State;  // shared with lookups under way, which may outlive this object

  std::shared_ptr<State> state_;
  net::Timer timer_;
};

}  // namespace limpet::app
