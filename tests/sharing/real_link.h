// A link over sockets, and what it has told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/connector.h"
#include "net/uv_loop.h"
#include "sharing/redis_link.h"
#include "tests/healthcheck/turning.h"
#include "tests/sharing/link_rig.h"

namespace limpet::sharing::testing {

class RealLink {
 public:
  // Unless a test is about time, a busy machine is not a slow Redis.
  RealLink(net::UvLoop& loop, RedisLinkOptions options, Duration timeout = Duration(10'000))
      : loop_(loop), connector_(loop), names_(loop) {
    options.timeout = timeout;
    options.open_timeout = Duration(10'000);
    link_ = std::make_unique<RedisLink>(RedisNet{loop, connector_, names_}, std::move(options), story);
    link_->start();
  }

  // Turns until the link has told this; what it told before is forgotten.
  void await(const std::string& told) {
    std::string heard;
    const bool was_told = healthcheck::testing::turn_until(loop_, [&] {
      while (!story.told.empty()) {
        const std::string first = story.told.front();
        story.told.erase(story.told.begin());
        heard.append(first).append("; ");
        if (first == told) {
          return true;
        }
      }
      return false;
    });
    INFO("waited for: " << told << "; was told: " << heard << "the last failure: " << story.detail);
    REQUIRE(was_told);
  }
  RedisAnswer ask(const Words& words) {
    std::unique_ptr<RedisAnswer> got;
    const std::vector<std::string_view> views(words.begin(), words.end());
    link_->send(views, [&got](const RedisAnswer& answer) { got = std::make_unique<RedisAnswer>(answer); });
    REQUIRE(healthcheck::testing::turn_until(loop_, [&got] { return got != nullptr; }));
    return *got;
  }
  std::string say(const Words& words) { return as_text(ask(words)); }
  // Asks again and again until the answer begins so.
  void insist(const Words& words, const std::string& begin) {
    std::string last;
    REQUIRE(healthcheck::testing::turn_until(loop_, [&] {
      last = say(words);
      return last.starts_with(begin);
    }));
  }
  [[nodiscard]] RedisLink& link() noexcept { return *link_; }

  LinkStory story;

 private:
  net::UvLoop& loop_;
  net::SocketConnector connector_;
  SystemNames names_;
  std::unique_ptr<RedisLink> link_;
};

}  // namespace limpet::sharing::testing
