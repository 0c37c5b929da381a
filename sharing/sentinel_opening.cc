#include <utility>

#include "base/number.h"

#include "sharing/opening.h"

namespace limpet::sharing {

namespace {

using State = OpeningStep::State;

OpeningStep failed(RedisFault fault, std::string detail) {
  return {.state = State::Failed, .failure = {fault, std::move(detail)}};
}

// ["10.0.0.7", "6379"]
std::optional<Endpoint> endpoint_of(const Reply& reply) {
  if (reply.kind != Reply::Kind::Array || reply.elements.size() != 2) {
    return std::nullopt;
  }
  const std::string& host = reply.elements[0].text;
  const auto port = whole_number<std::uint16_t>(reply.elements[1].text);
  const bool good = port.value_or(0) != 0 && !host.empty() && host.find('\0') == std::string::npos;
  return good ? std::optional(Endpoint{host, *port, {}}) : std::nullopt;
}

class SentinelOpening final : public Opening {
 public:
  explicit SentinelOpening(const settings::RedisUrl& url)
      : user_(url.user), password_(url.password), master_(url.master) {}

  std::string begin() override { return question(); }

  OpeningStep on_reply(const Reply& reply) override {
    if (awaits_entry_) {
      awaits_entry_ = false;
      return reply.is_error() ? failed(RedisFault::Auth, "Sentinel: " + reply.text) : OpeningStep{};
    }
    const auto known = known_error(reply);
    const bool wants_entry = known && known->fault == RedisFault::Auth;
    if (wants_entry && !password_.empty() && !entered_) {
      return enter();
    }
    if (reply.is_error()) {
      return failed(known ? known->fault : RedisFault::Protocol, "Sentinel: " + reply.text);
    }
    if (reply.is_nil()) {
      return failed(RedisFault::NoMaster, "Sentinel knows no master of the name \"" + master_ + "\"");
    }
    found_ = endpoint_of(reply);
    return found_ ? OpeningStep{.state = State::Open}
                  : failed(RedisFault::Protocol, "Sentinel did not answer with an address");
  }

  std::optional<Endpoint> found() const override { return found_; }

 private:
  [[nodiscard]] std::string question() const {
    std::string bytes;
    append_command(bytes, std::vector<std::string_view>{"SENTINEL", "get-master-addr-by-name", master_});
    return bytes;
  }

  OpeningStep enter() {
    entered_ = true;
    awaits_entry_ = true;
    std::vector<std::string_view> words{"AUTH"};
    if (!user_.empty()) {
      words.emplace_back(user_);
    }
    words.emplace_back(password_);
    OpeningStep step;
    append_command(step.send, words);
    step.send += question();
    return step;
  }

  std::string user_;
  std::string password_;
  std::string master_;
  std::optional<Endpoint> found_;
  bool entered_ = false;
  bool awaits_entry_ = false;  // the next reply is the one to AUTH
};

}  // namespace

std::unique_ptr<Opening> make_sentinel_opening(const settings::RedisUrl& url) {
  return std::make_unique<SentinelOpening>(url);
}

}  // namespace limpet::sharing
