#include <array>
#include <deque>
#include <utility>

#include "base/text.h"
#include "sharing/opening.h"

namespace limpet::sharing {

namespace {

using State = OpeningStep::State;

OpeningStep failed(RedisFault fault, std::string detail) {
  return {.state = State::Failed, .failure = {fault, std::move(detail)}};
}

bool is_message(const Reply& reply) {
  return reply.kind == Reply::Kind::Array && !reply.elements.empty() &&
         reply.elements.front().text == "message";
}

class ServerOpening final : public Opening {
 public:
  ServerOpening(const settings::RedisUrl& url, const std::vector<std::string>& channels)
      : by_sentinel_(url.is_sentinel()) {
    if (!url.password.empty() && !url.user.empty()) {
      say(Question::Required, {"AUTH", url.user, url.password});
    } else if (!url.password.empty()) {
      say(Question::Required, {"AUTH", url.password});
    }
    if (url.db != 0) {
      say(Question::Required, {"SELECT", std::to_string(url.db)});
    }
    say(Question::Optional, {"CLIENT", "SETNAME", "limpet"});
    say(Question::Role, {"ROLE"});
    // The one that a server answers only when it has loaded its data.
    say(Question::Required, {"PING"});
    for (const std::string& channel : channels) {
      say(Question::Required, {"SUBSCRIBE", channel});
    }
  }

  std::string begin() override { return std::exchange(bytes_, {}); }

  OpeningStep on_reply(const Reply& reply) override {
    if (is_message(reply)) {
      return {};  // on a channel that is subscribed to already; nobody is promised it yet
    }
    const Question question = questions_.front();
    questions_.pop_front();
    if (const auto failure = failure_of(question, reply)) {
      return failed(failure->fault, failure->detail);
    }
    return {.state = questions_.empty() ? State::Open : State::Waiting};
  }

 private:
  enum class Question : std::uint8_t { Required, Optional, Role };

  void say(Question question, const std::vector<std::string_view>& words) {
    append_command(bytes_, words);
    questions_.push_back(question);
  }

  [[nodiscard]] std::optional<RedisFailure> failure_of(Question question, const Reply& reply) const {
    const auto known = known_error(reply);
    if (known && known->remedy != RedisRemedy::Stay) {
      return RedisFailure{known->fault, reply.text};
    }
    if (question == Question::Role) {
      return failure_of_role(reply);
    }
    if (question == Question::Required && reply.is_error()) {
      return RedisFailure{known ? known->fault : fault_of_refusal(reply), reply.text};
    }
    return std::nullopt;
  }

  // An old server without ACLs, or one without a password, answers ERR to AUTH.
  static RedisFault fault_of_refusal(const Reply& reply) {
    return reply.text.find("AUTH") != std::string::npos || reply.text.find("password") != std::string::npos
               ? RedisFault::Auth
               : RedisFault::Protocol;
  }

  [[nodiscard]] std::optional<RedisFailure> failure_of_role(const Reply& reply) const {
    if (reply.is_error()) {
      return std::nullopt;
    }
    if (reply.kind != Reply::Kind::Array || reply.elements.empty()) {
      return RedisFailure{RedisFault::Protocol, "ROLE was not answered with a role"};
    }
    const std::string& role = reply.elements.front().text;
    if (role == "master") {
      return std::nullopt;
    }
    if (role == "sentinel") {
      return RedisFailure{RedisFault::Protocol, "this is a Sentinel: use redis+sentinel://host:port/MASTER"};
    }
    if (by_sentinel_) {
      return RedisFailure{RedisFault::NoMaster, "the master that Sentinel names is a replica at the moment"};
    }
    return RedisFailure{RedisFault::ReadOnly, "this is a replica: name its master, or use redis+sentinel://"};
  }

  bool by_sentinel_;
  std::string bytes_;               // until begin()
  std::deque<Question> questions_;  // whose reply has not come
};

}  // namespace

std::unique_ptr<Opening> make_server_opening(const settings::RedisUrl& url,
                                             const std::vector<std::string>& channels) {
  return std::make_unique<ServerOpening>(url, channels);
}

}  // namespace limpet::sharing
