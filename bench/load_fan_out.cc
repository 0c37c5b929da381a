// Mode "fan-out": one session sends a message, the backend sends it to all of them, and each compares what
// comes. The next one goes out when all have it. Latency counts from the sending to each arrival.
#include <cerrno>
#include <vector>

#include "bench/load_client.h"
#include "bench/load_message.h"
#include "bench/poller.h"

namespace limpet::bench {

namespace {

constexpr std::size_t kScratchBytes = 64U << 10U;
constexpr std::chrono::milliseconds kTurn{50};
// A message that has not come everywhere by then does not come any more.
constexpr std::chrono::seconds kPatience{10};

struct Member {
  Fd socket;
  std::string_view missing;  // of the copy of the message under way; empty when it has come
};

class FanOut {
 public:
  explicit FanOut(const LoadOptions& options) : options_(options), message_(0, options.payload_bytes) {
    report_.mode = "fan-out";
  }

  // Opens every session, or says why one did not open.
  [[nodiscard]] Result<std::size_t> open();
  [[nodiscard]] Report run();

 private:
  using Clock = std::chrono::steady_clock;

  void send();
  void receive(Member& member);
  [[nodiscard]] bool goes_on(Clock::time_point now, Clock::time_point end);

  const LoadOptions& options_;
  Poller poller_;
  std::vector<Member> members_;
  std::vector<char> scratch_ = std::vector<char>(kScratchBytes);
  NumberedMessage message_;
  std::size_t awaited_ = 0;  // members that do not have the message under way
  Clock::time_point sent_;
  Report report_;
};

Result<std::size_t> FanOut::open() {
  members_.reserve(options_.connections);  // the poller knows their addresses
  for (std::size_t i = 0; i < options_.connections; ++i) {
    auto socket = open_websocket(options_, i, kFanOutPath);
    if (!socket) {
      return socket.error();
    }
    Member& member = members_.emplace_back(Member{.socket = std::move(*socket), .missing = {}});
    poller_.add(member.socket, EPOLLIN, &member);
  }
  return members_.size();
}

Report FanOut::run() {
  pass_gate(options_);
  const auto begin = Clock::now();
  const auto end = begin + options_.length;
  for (auto now = begin; goes_on(now, end); now = Clock::now()) {
    if (awaited_ == 0) {
      send();
    }
    for (const epoll_event& event : poller_.wait_for(kTurn)) {
      receive(*static_cast<Member*>(event.data.ptr));
    }
  }
  report_.took = Clock::now() - begin;
  report_.sessions = std::make_shared<decltype(members_)>(std::move(members_));
  return std::move(report_);
}

// The last message is waited for: what was delivered of half a one could not be told from what was lost.
bool FanOut::goes_on(Clock::time_point now, Clock::time_point end) {
  if (awaited_ > 0 && now > sent_ + kPatience) {
    report_.note_failure("a message did not reach every session");
  }
  return report_.failed == 0 && (now < end || awaited_ > 0);
}

void FanOut::send() {
  message_.advance();
  for (Member& member : members_) {
    member.missing = message_.copy();
  }
  awaited_ = members_.size();
  sent_ = Clock::now();
  if (!send_all(members_.front().socket, message_.frame())) {
    report_.note_failure("send failed");
  }
}

void FanOut::receive(Member& member) {
  const ssize_t got = ::recv(member.socket.get(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    report_.note_failure("a session was closed");
    return;
  }
  const std::string_view bytes(scratch_.data(), static_cast<std::size_t>(got));
  if (!member.missing.starts_with(bytes)) {
    report_.note_failure("a session got something else than the message");
    return;
  }
  member.missing.remove_prefix(bytes.size());
  if (member.missing.empty()) {
    report_.latency.add(Clock::now() - sent_);
    ++report_.completed;
    --awaited_;
  }
}

}  // namespace

Result<Report> run_fan_out(const LoadOptions& options) {
  FanOut fan_out(options);
  const auto opened = fan_out.open();
  if (!opened) {
    return opened.error();
  }
  return fan_out.run();
}

}  // namespace limpet::bench
