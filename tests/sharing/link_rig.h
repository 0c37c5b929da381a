// A link on a network in memory, and what it has told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sharing/memory_redis.h"

namespace limpet::sharing::testing {

// What became of a link, in order: "up", "down refused", "message a: text".
struct LinkStory final : RedisLinkEvents {
  void on_up() override { told.emplace_back("up"); }
  void on_down(const RedisFailure& failure) override {
    told.push_back("down " + std::string(word(failure.fault)));
    detail = failure.detail;
  }
  void on_message(std::string_view channel, std::string_view text) override {
    told.push_back("message " + std::string(channel) + ": " + std::string(text));
  }
  // And forgets it.
  std::vector<std::string> take() { return std::exchange(told, {}); }

  std::vector<std::string> told;
  std::string detail;  // of the last failure
};

// "PONG", "ERR ...", or the code of the error in brackets.
inline std::string as_text(const RedisAnswer& answer) {
  return answer.ok() ? answer->text : "[" + std::string(word(answer.error().code)) + "]";
}

inline RedisLinkOptions at(const std::string& url) {
  return {.url = settings::RedisUrl::parse(url).value()};
}

class LinkRig {
 public:
  explicit LinkRig(RedisLinkOptions options = at("redis://10.0.0.1")) {
    link = std::make_unique<RedisLink>(RedisNet{network.loop, network, network}, std::move(options), story);
  }

  void start() {
    link->start();
    network.settle();
  }
  // Starts with one server at the usual place.
  MemoryRedis& start_up() {
    MemoryRedis& redis = network.serve("10.0.0.1:6379");
    start();
    REQUIRE(story.take() == std::vector<std::string>{"up"});
    return redis;
  }
  void send(const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    link->send(views, [this](const RedisAnswer& answer) { answers.push_back(as_text(answer)); });
  }
  std::vector<std::string> take_answers() { return std::exchange(answers, {}); }

  MemoryNetwork network;
  LinkStory story;
  std::vector<std::string> answers;
  std::unique_ptr<RedisLink> link;
};

}  // namespace limpet::sharing::testing
