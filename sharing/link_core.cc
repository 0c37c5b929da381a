#include "sharing/link_core.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/number.h"

namespace limpet::sharing {

namespace {

constexpr int kSilentTimeouts = 10;
constexpr Duration kLeastSilence{1000};

RedisLinkOptions completed(RedisLinkOptions options) {
  if (options.silence == Duration::zero()) {
    options.silence = std::max(options.timeout * kSilentTimeouts, kLeastSilence);
  }
  return options;
}

Error failed(ErrorCode code, std::string detail) {
  return Error{code, Side::Backend, std::move(detail)};
}

// "MOVED 3999 10.0.0.8:6379"; without a host it is the one that answers.
std::optional<Endpoint> node_of(std::string_view text, const std::string& own_host) {
  const std::string_view address = text.substr(text.rfind(' ') + 1);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto port = whole_number<std::uint16_t>(address.substr(colon + 1));
  const std::string_view host = colon == 0 ? std::string_view(own_host) : address.substr(0, colon);
  const bool good = port.value_or(0) != 0 && !host.empty() &&
                    host.find_first_of(std::string_view("?\0", 2)) == std::string_view::npos;
  return good ? std::optional(Endpoint{std::string(host), *port, {}}) : std::nullopt;
}

bool is_message(const Reply& reply) {
  constexpr std::size_t kParts = 3;
  return reply.kind == Reply::Kind::Array && reply.elements.size() == kParts &&
         reply.elements[0].text == "message";
}

}  // namespace

RedisLink::Core::Core(const RedisNet& net, RedisLinkOptions options, RedisLinkEvents& events)
    : net_(net),
      options_(completed(std::move(options))),
      events_(events),
      random_(options_.seed),
      back_off_(options_.first_wait, options_.longest_wait),
      search_(net, options_, *this) {}

void RedisLink::Core::start() {
  LIMPET_ASSERT(state_ == State::Idle, "a link is started once");
  state_ = State::Dialing;
  ask_for_turn_end();
}

void RedisLink::Core::stop() noexcept {
  state_ = State::Stopped;
  deadline_.disarm();
  if (awaits_turn_end_) {
    net_.loop.forget_turn_end(*this);
    awaits_turn_end_ = false;
  }
  search_.cancel();
  if (connection_ != nullptr) {
    connection_->close();
    net_.loop.bury(std::move(connection_));
  }
  static_cast<void>(queue_.take_all());
  refused_.clear();
}

std::string RedisLink::Core::peer() const {
  return state_ == State::Dialing || state_ == State::Up ? search_.target().to_string() : std::string();
}

void RedisLink::Core::ask_for_turn_end() {
  if (!awaits_turn_end_) {
    awaits_turn_end_ = true;
    net_.loop.at_turn_end(*this);
  }
}

void RedisLink::Core::on_turn_end() {
  awaits_turn_end_ = false;
  if (state_ == State::Dialing && !search_.is_under_way()) {
    dial();
  }
  tell_refused();
}

void RedisLink::Core::dial() {
  state_ = State::Dialing;
  search_.start();
}

void RedisLink::Core::on_found(std::unique_ptr<RedisConnection> connection) {
  connection_ = std::move(connection);
  connection_->set_owner(*this);
  state_ = State::Up;
  up_since_ = net_.loop.now();
  told_.reset();
  ++counts_.ups;
  arm();
  events_.on_up();
}

void RedisLink::Core::on_not_found(const RedisFailure& failure) {
  rest();
  if (told_ != failure.fault) {
    told_ = failure.fault;
    events_.on_down(failure);
  }
}

void RedisLink::Core::rest() {
  state_ = State::Resting;
  net_.loop.deadlines().arm(deadline_, net_.loop.now() + back_off_.next(random_.next()));
}

void RedisLink::Core::send(std::span<const std::string_view> words, AnswerFn answer) {
  if (state_ != State::Up || !has_room_for(words)) {
    refuse(std::move(answer));
    return;
  }
  ++counts_.sent;
  connection_->send(words);
  queue_.push(std::move(answer), net_.loop.now() + options_.timeout);
  if (queue_.due() < deadline_.due() || !deadline_.armed()) {
    arm();
  }
}

bool RedisLink::Core::has_room_for(std::span<const std::string_view> words) const noexcept {
  std::size_t bytes = connection_->unsent_bytes();
  for (const std::string_view word : words) {
    bytes += word.size();
  }
  return options_.channels.empty() && queue_.size() < options_.most_outstanding &&
         bytes <= options_.most_unsent_bytes;
}

void RedisLink::Core::refuse(AnswerFn answer) {
  if (state_ == State::Stopped) {
    return;
  }
  ++counts_.refused;
  if (answer == nullptr) {
    return;
  }
  refused_.push_back(std::move(answer));
  ask_for_turn_end();
}

void RedisLink::Core::tell_refused() {
  std::vector<AnswerFn> told;
  told.swap(refused_);
  const RedisAnswer answer = failed(ErrorCode::Unavailable,
                                    is_up() ? "too much waits for the Redis already" : "no Redis is reached");
  for (const AnswerFn& one : told) {
    if (state_ == State::Stopped) {
      return;
    }
    one(answer);
  }
}

void RedisLink::Core::on_connection_reply(const Reply& reply) {
  if (!options_.channels.empty() && is_message(reply)) {
    events_.on_message(reply.elements[1].text, reply.elements[2].text);
    return;
  }
  take_answer(reply);
}

void RedisLink::Core::take_answer(const Reply& reply) {
  const auto known = known_error(reply);
  if (queue_.empty()) {
    lose(known ? RedisFailure{known->fault, reply.text}
               : RedisFailure{RedisFault::Protocol, "an answer that nobody has asked for"});
    return;
  }
  if (const AnswerFn answer = queue_.take_front()) {
    ++counts_.answered;
    answer(reply);
  }
  if (known && known->remedy != RedisRemedy::Stay && state_ == State::Up) {
    leave(*known, reply.text);
  }
}

void RedisLink::Core::leave(const KnownError& known, const std::string& text) {
  if (known.remedy == RedisRemedy::Follow) {
    if (auto node = node_of(text, search_.target().host)) {
      search_.redirect(std::move(*node));
    }
  }
  lose({known.fault, text});
}

void RedisLink::Core::on_connection_lost(const RedisFailure& failure) {
  lose(failure);
}

void RedisLink::Core::lose(const RedisFailure& failure) {
  connection_->close();
  net_.loop.bury(std::move(connection_));
  ++counts_.downs;
  // One that was up for a moment alone has not earned a quick return.
  if (net_.loop.now() - up_since_ >= options_.longest_wait) {
    back_off_.reset();
  }
  rest();
  told_ = failure.fault;
  const RedisAnswer answer = failed(ErrorCode::Reset, failure.detail);
  for (const AnswerFn& one : queue_.take_all()) {
    if (one != nullptr && state_ != State::Stopped) {
      ++counts_.lost;
      one(answer);
    }
  }
  if (state_ != State::Stopped) {
    events_.on_down(failure);
  }
}

}  // namespace limpet::sharing
