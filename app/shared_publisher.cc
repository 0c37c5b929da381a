#include "app/shared_publisher.h"

#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "admin/publish_call.h"
#include "app/publisher.h"
#include "sharing/node_name.h"

namespace limpet::app {

namespace {

using admin::Json;
using admin::PublishInfo;
using admin::PublishOrder;

constexpr Duration kTick{50};
// Of one message and its answers; beyond that others publish faster than this node can tell.
constexpr std::size_t kMostGuests = 256;

PublishInfo& operator+=(PublishInfo& sum, const PublishInfo& more) {
  sum.matched += more.matched;
  sum.sent += more.sent;
  sum.queued += more.queued;
  sum.dropped += more.dropped;
  return sum;
}

// Whose message it is, so that counts find their way back.
std::string from(const std::string& node, std::uint64_t number, Json json) {
  json["node"] = node;
  json["number"] = number;
  return json.dump();
}

// Whom an answer is for: taken out of the message, so that the rest is what anybody may say.
struct Sender {
  std::string node;
  std::uint64_t number = 0;
};

std::optional<Sender> take_sender(Json& json) {
  if (!json.is_object() || !json.contains("node") || !json.contains("number")) {
    return std::nullopt;
  }
  const Json node = json["node"];
  const Json number = json["number"];
  json.erase("node");
  json.erase("number");
  if (!node.is_string() || !number.is_number_unsigned() || !sharing::is_node_name(node.get<std::string>())) {
    return std::nullopt;
  }
  return Sender{.node = node.get<std::string>(), .number = number.get<std::uint64_t>()};
}

std::uint64_t count(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

class SharedPublisher::Round final : public admin::PublishWaiter {
 public:
  Round(SharedPublisher& owner, admin::PublishWaiter& waiter, std::uint64_t its_number)
      : waiter_(&waiter), number_(its_number), owner_(owner), until_(owner.parts_.loop.now() + kPatience) {}

  void on_published(const admin::OrRefusal<PublishInfo>& published) override {
    if (const auto* const refusal = std::get_if<admin::Refusal>(&published)) {
      refusal_ = *refusal;
    } else {
      sum_ += std::get<PublishInfo>(published);
    }
    is_done_here_ = true;
    owner_.look_at(number_);
  }
  void on_told(std::optional<std::size_t> nodes) {
    others_ = nodes.value_or(0);
    owner_.look_at(number_);
  }
  void on_counts(const PublishInfo& counts) {
    sum_ += counts;
    ++heard_;
    owner_.look_at(number_);
  }

  [[nodiscard]] bool is_over(Instant now) const noexcept {
    return refusal_ || (is_done_here_ && ((others_ && heard_ >= *others_) || now >= until_));
  }
  [[nodiscard]] bool is_of(const admin::PublishWaiter& waiter) const noexcept { return waiter_ == &waiter; }
  void forget() noexcept { waiter_ = nullptr; }
  void tell() {
    if (waiter_ == nullptr) {
      return;
    }
    sum_.nodes = 1 + heard_;
    waiter_->on_published(refusal_ ? admin::OrRefusal<PublishInfo>(*refusal_)
                                   : admin::OrRefusal<PublishInfo>(sum_));
  }

 private:
  admin::PublishWaiter* waiter_;  // null: nobody waits any more
  std::uint64_t number_;
  SharedPublisher& owner_;
  Instant until_;
  std::optional<admin::Refusal> refusal_;
  PublishInfo sum_;
  bool is_done_here_ = false;
  std::optional<std::size_t> others_;  // that have got it; none until the Redis has said so
  std::size_t heard_ = 0;
};

class SharedPublisher::Guest final : public admin::PublishWaiter {
 public:
  Guest(SharedPublisher& owner, std::optional<Sender> sender) : owner_(owner), sender_(std::move(sender)) {}

  void on_published(const admin::OrRefusal<PublishInfo>& published) override {
    const auto* const counts = std::get_if<PublishInfo>(&published);
    if (sender_) {
      const PublishInfo told = counts == nullptr ? PublishInfo{} : *counts;
      owner_.tell(owner_.answers_, from(sender_->node, sender_->number, admin::counts_json(told)));
    }
    is_over_ = true;
  }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  SharedPublisher& owner_;
  std::optional<Sender> sender_;  // none: a server that is no limpet
  bool is_over_ = false;
};

SharedPublisher::SharedPublisher(const Parts& parts, const std::string& prefix)
    : parts_(parts),
      channel_("{" + prefix + "}:publish"),
      answers_("{" + prefix + "}:published"),
      self_(sharing::make_node_name()),
      timer_(parts.loop, kTick, [this] { on_tick(); }) {}

SharedPublisher::~SharedPublisher() {
  for (const auto& [number, round] : rounds_) {
    parts_.here.forget(*round);
  }
  for (const auto& [number, guest] : guests_) {
    parts_.here.forget(*guest);
  }
}

void SharedPublisher::publish(const PublishOrder& order, admin::PublishWaiter& waiter) {
  if (!parts_.redis.is_open()) {
    parts_.here.publish(order, waiter);
    return;
  }
  const std::uint64_t number = ++last_;
  const std::string text = from(self_, number, admin::publish_order_json(order));
  if (text.size() > sharing::RespReader::kMostTextBytes) {
    waiter.on_published(
        admin::Refusal{413, "too_large", "a message that other nodes share has at most 1 MiB of JSON"});
    return;
  }
  Round& round = *rounds_.emplace(number, std::make_unique<Round>(*this, waiter, number)).first->second;
  parts_.here.publish(order, round);
  if (!rounds_.contains(number)) {
    return;  // refused
  }
  const std::array<std::string_view, 3> words{"PUBLISH", channel_, text};
  parts_.redis.send(words, [this, number](const sharing::RedisAnswer& answer) {
    const auto found = rounds_.find(number);
    if (found == rounds_.end()) {
      return;
    }
    // This node is one of those that have got it.
    const bool is_told = answer.ok() && answer->kind == sharing::Reply::Kind::Integer && answer->integer > 0;
    found->second->on_told(is_told ? std::optional(static_cast<std::size_t>(answer->integer) - 1)
                                   : std::nullopt);
  });
}

void SharedPublisher::forget(admin::PublishWaiter& waiter) noexcept {
  for (const auto& [number, round] : rounds_) {
    if (round->is_of(waiter)) {
      round->forget();
    }
  }
}

void SharedPublisher::look_at(std::uint64_t number) {
  const auto found = rounds_.find(number);
  if (found == rounds_.end() || !found->second->is_over(parts_.loop.now())) {
    return;
  }
  const std::unique_ptr<Round> over = std::move(found->second);
  rounds_.erase(found);
  over->tell();
}

void SharedPublisher::on_tick() {
  for (auto round = rounds_.begin(); round != rounds_.end();) {
    const std::uint64_t number = (round++)->first;
    look_at(number);
  }
  std::erase_if(guests_, [](const auto& entry) { return entry.second->is_over(); });
}

void SharedPublisher::on_message(std::string_view channel, std::string_view text) {
  if (channel == channel_) {
    on_foreign(text);
  } else if (channel == answers_) {
    on_counts(text);
  }
}

void SharedPublisher::on_foreign(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  std::optional<Sender> sender = take_sender(json);
  if (json.is_discarded() || (sender && sender->node == self_) || guests_.size() >= kMostGuests) {
    return;
  }
  const auto order = admin::read_publish_order(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  Guest& guest = *guests_.emplace(++last_, std::make_unique<Guest>(*this, std::move(sender))).first->second;
  if (const auto* const refusal = std::get_if<admin::Refusal>(&order)) {
    guest.on_published(*refusal);
    return;
  }
  parts_.here.publish(std::get<PublishOrder>(order), guest);
}

void SharedPublisher::on_counts(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  const std::optional<Sender> asked = take_sender(json);
  const auto found = asked && asked->node == self_ ? rounds_.find(asked->number) : rounds_.end();
  if (found == rounds_.end()) {
    return;
  }
  found->second->on_counts({.matched = count(json, "matched"),
                            .sent = count(json, "sent"),
                            .queued = count(json, "queued"),
                            .dropped = count(json, "dropped")});
}

void SharedPublisher::tell(const std::string& channel, const std::string& text) {
  const std::array<std::string_view, 3> words{"PUBLISH", channel, text};
  parts_.redis.send(words, [](const sharing::RedisAnswer&) {});
}

}  // namespace limpet::app
