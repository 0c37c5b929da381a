#include "net/blocked_signal.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace limpet::net {

namespace {

sigset_t set_of(int number) noexcept {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, number);
  return set;
}

}  // namespace

void BlockedSignal::block(int number) noexcept {
  const sigset_t set = set_of(number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // What is ignored (nohup) does not even become pending.
  std::signal(number, SIG_DFL);
}

BlockedSignal::BlockedSignal(UvLoop& loop, int number, std::function<void()> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  const sigset_t set = set_of(number);
  fd_ = Fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  static_cast<void>(loop_.poller().add(fd_.get(), EPOLLIN, *this));
}

BlockedSignal::~BlockedSignal() {
  loop_.poller().remove(fd_.get());
}

void BlockedSignal::on_ready(std::uint32_t) {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    on_signal_();
  }
}

}  // namespace limpet::net
