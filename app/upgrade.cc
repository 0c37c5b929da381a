#include "app/upgrade.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "app/handover_message.h"
#include "net/fd_passing.h"

namespace limpet::app {

namespace {

constexpr Duration kLookEvery{50};
// Who serves for so long goes on to do so. It is also what a client that was accepted shortly before has for
// its request: what is idle then is closed.
constexpr Duration kConfirm = std::chrono::seconds(1);
// How often the pins that have changed since are told while the sessions leave.
constexpr Duration kTellPinsEvery = std::chrono::seconds(2);
// From the end of its words to the end of a process.
constexpr Duration kToExit = std::chrono::seconds(2);
constexpr int kConflict = 409;
constexpr int kServerError = 500;

std::string how_it_ended(int status) {
  return WIFSIGNALED(status) ? "it was ended by signal " + std::to_string(WTERMSIG(status))
                             : "it ended with code " + std::to_string(WEXITSTATUS(status)) +
                                   "; it has told why on standard error";
}

}  // namespace

Upgrade::Upgrade(Parts parts, std::optional<StartCommand> command)
    : parts_(parts), command_(std::move(command)) {}

Upgrade::~Upgrade() {
  if (link_ != nullptr) {
    link_->end();
    parts_.loop.bury(std::move(link_));
  }
  if (pid_ != 0 && !was_replaced()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::string Upgrade::why_not() const {
  if (state_ != State::Idle) {
    return was_replaced() ? "process " + std::to_string(pid_) + " has taken over already"
                          : "an upgrade is under way";
  }
  if (!command_) {
    return "how this process was started cannot be told";
  }
  // Its end would be the end of all others.
  constexpr pid_t kInit = 1;
  return getpid() == kInit ? "this is the first process here (of a container): start another one instead"
                           : parts_.host.why_not_replaceable();
}

void Upgrade::begin(admin::UpgradeWaiter* waiter) {
  if (const std::string why = why_not(); !why.empty()) {
    parts_.log.warning("upgrade_refused", {{"detail", why}});
    if (waiter != nullptr) {
      waiter->on_upgrade(admin::Refusal{kConflict, "upgrade_refused", why});
    }
    return;
  }
  if (waiter != nullptr) {
    waiters_.push_back(waiter);
  }
  state_ = State::Preparing;
  step_began_ = parts_.clock.now();
  const auto started = start();
  if (!started.ok()) {
    fail(started.error().detail);
    return;
  }
  parts_.log.info("upgrade_begins", {{"successor", *started}, {"program", command_->program}});
  look_ = std::make_unique<net::Timer>(parts_.loop, kLookEvery, [this] { look_at_time(); });
  offer();
}

Result<pid_t> Upgrade::start() {
  auto ends = net::message_pair();
  if (!ends.ok()) {
    return ends.error();
  }
  auto started = start_successor(*command_, ends->second);
  if (started.ok()) {
    pid_ = *started;
    link_ = std::make_unique<HandoverLink>(parts_.loop, std::move(ends->first),
                                           static_cast<HandoverLink::Events&>(*this));
  }
  return started;
}

void Upgrade::on_message(const HandoverMessage& message) {
  step_began_ = parts_.clock.now();
  if (const auto* const failed = std::get_if<Failed>(&message)) {
    fail(failed->detail);
  } else if (std::holds_alternative<Ready>(message) && state_ == State::Preparing && !dump_) {
    state_ = State::HandingOver;
    parts_.host.hold_accepting(true);
    begin_dump(dumped_);
  } else if (std::holds_alternative<Serving>(message) && state_ == State::HandingOver && !dump_) {
    on_serving();
  } else {
    fail("it spoke out of order");
  }
}

void Upgrade::on_serving() {
  state_ = State::Confirming;
  served_ = parts_.clock.now();
  parts_.log.info("upgraded", {{"successor", pid_}, {"sessions", parts_.host.live_sessions()}});
  parts_.host.hold_admin(true);
  link_->send(Sessions{told_sessions_ = parts_.host.live_sessions()});
}

void Upgrade::on_confirmed() {
  state_ = State::Replaced;
  answer(admin::UpgradeInfo{static_cast<std::uint32_t>(pid_)});
  parts_.host.on_replaced();
}

void Upgrade::look_at_time() {
  const Instant now = parts_.clock.now();
  if (pid_ != 0 && (state_ != State::Replaced || ended_)) {
    look_at_child();
  }
  if (state_ == State::Confirming && now - served_ >= kConfirm) {
    on_confirmed();
  }
  if (was_replaced()) {
    report_progress();
  } else if (state_ != State::Idle && !ended_ && now - step_began_ > kPatience) {
    fail("it was not ready within 30 s");
  }
}

void Upgrade::report_progress() {
  const Instant now = parts_.clock.now();
  if (link_ == nullptr) {
    return;
  }
  if (const std::uint64_t left = parts_.host.live_sessions(); left != told_sessions_) {
    link_->send(Sessions{told_sessions_ = left});
  }
  if (!dump_ && now - dumped_ >= kTellPinsEvery) {
    begin_dump(dumped_);
  }
}

// The last words of a process may be its exit code alone.
void Upgrade::look_at_child() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    if (state_ != State::Replaced) {
      pid_ = 0;
      fail(how_it_ended(status));
    }
  } else if (ended_ && state_ != State::Replaced && parts_.clock.now() - *ended_ > kToExit) {
    fail("it closed its line to this process");
  }
}

void Upgrade::on_ended(const std::string& detail) {
  parts_.loop.bury(std::move(link_));
  dump_.reset();
  ended_ = parts_.clock.now();
  if (state_ == State::Confirming) {
    fail("it served for a moment only: " + detail);
  } else if (state_ == State::Replaced) {
    parts_.log.error("successor_gone", {{"successor", pid_}, {"detail", detail}});
  }
}

void Upgrade::fail(const std::string& detail) {
  const pid_t pid = std::exchange(pid_, 0);
  if (pid != 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  if (link_ != nullptr) {
    link_->end();
    parts_.loop.bury(std::move(link_));
  }
  const State before = std::exchange(state_, State::Idle);
  if (before == State::HandingOver || before == State::Confirming) {
    parts_.host.hold_accepting(false);
  }
  if (before == State::Confirming) {
    parts_.host.hold_admin(false);
    parts_.host.on_taken_back();
  }
  dump_.reset();
  pins_.clear();
  ended_.reset();
  look_.reset();
  parts_.log.error("upgrade_failed", {{"successor", pid}, {"detail", detail}});
  answer(admin::Refusal{kServerError, "upgrade_failed",
                        "the new process does not take over, and this one goes on: " + detail});
}

void Upgrade::answer(const admin::OrRefusal<admin::UpgradeInfo>& outcome) {
  for (admin::UpgradeWaiter* const waiter : std::exchange(waiters_, {})) {
    waiter->on_upgrade(outcome);
  }
}

void Upgrade::stop_waiting(admin::UpgradeWaiter& waiter) {
  std::erase(waiters_, &waiter);
}

}  // namespace limpet::app
