#include "app/top_live.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "app/exit_codes.h"
#include "app/terminal.h"
#include "app/top_watch.h"
#include "console/top_screen.h"
#include "net/fd.h"

namespace limpet::app {

namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) {
    sigaddset(&set, number);
  }
  return set;
}

// These signals come as bytes to read: nothing is done behind the back of whoever draws.
class SignalReader {
 public:
  SignalReader() {
    const sigset_t set = signals();
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    descriptor_ = net::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~SignalReader() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalReader(const SignalReader&) = delete;
  SignalReader& operator=(const SignalReader&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] std::optional<int> next() const {
    signalfd_siginfo info{};
    constexpr auto kWhole = static_cast<ssize_t>(sizeof(info));
    return ::read(descriptor_.get(), &info, sizeof(info)) == kWhole
               ? std::optional(static_cast<int>(info.ssi_signo))
               : std::nullopt;
  }

 private:
  sigset_t before_{};
  net::Fd descriptor_;
};

class Show {
 public:
  explicit Show(const AdminOptions& options) : watch_(options) {}

  // The signal that ended it; 0 = `q`, or the terminal has gone.
  int run() {
    draw(true);
    while (!is_over_) {
      std::array ready{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                       pollfd{.fd = signals_.descriptor(), .events = POLLIN, .revents = 0},
                       pollfd{.fd = watch_.descriptor(), .events = POLLIN, .revents = 0}};
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
        break;
      }
      take_signals();
      if (ready[2].revents != 0 && watch_.take_news(model_, view_.note)) {
        draw(false);
      }
      if (ready[0].revents != 0 && !is_over_) {
        take_keys();
      }
    }
    return ended_by_;
  }

 private:
  void draw(bool all) {
    const bool is_there = terminal_.draw(console::screen_of(model_, view_, terminal_size()), all);
    is_over_ = is_over_ || !is_there;
  }

  void take_signals() {
    while (const auto number = signals_.next()) {
      if (*number == SIGWINCH) {
        draw(true);
      } else if (*number == SIGTSTP) {
        terminal_.leave();
        ::raise(SIGSTOP);  // returns when somebody continues it
        terminal_.enter();
        draw(true);
      } else if (*number == SIGCONT) {  // after a stop that could not be seen coming
        terminal_.enter();
        draw(true);
      } else {
        ended_by_ = *number;
        is_over_ = true;
      }
    }
  }

  void take_keys() {
    constexpr std::size_t kMostBytes = 256;
    std::array<char, kMostBytes> bytes{};
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got <= 0) {
      is_over_ = is_over_ || got == 0 || (errno != EINTR && errno != EAGAIN);
      return;
    }
    bool all = false;
    for (const console::Key& key : console::keys_of({bytes.data(), static_cast<std::size_t>(got)})) {
      const auto was = view_.mode;
      console::Reaction reaction = console::on_key(view_, model_, key);
      all = all || reaction.redraws;
      is_over_ = is_over_ || reaction.quits;
      if (reaction.filter_changed) {
        watch_.filter(view_.filter);
      }
      if (reaction.order) {
        view_.note =
            std::string(word(reaction.order->verb)) + " " + reaction.order->whom.name + ": asking ...";
        watch_.order(std::move(*reaction.order));
      }
      if (was != view_.mode && view_.mode == console::TopView::Mode::Confirming) {
        break;  // what was typed before the plan was seen is no answer to it
      }
    }
    if (!is_over_) {
      draw(all);
    }
  }

  SignalReader signals_;  // before the watch: its thread is to have the mask
  TopWatch watch_;
  console::TopModel model_;
  console::TopView view_;
  bool is_over_ = false;
  int ended_by_ = 0;
  Terminal terminal_;  // goes first: the terminal is put back before anything is waited for
};

}  // namespace

int run_top_live(const AdminOptions& options) {
  const int ended_by = Show(options).run();
  if (ended_by != 0) {
    ::signal(ended_by, SIG_DFL);
    ::raise(ended_by);  // so that whoever waits for this process sees how it ended
  }
  return kFine;
}

}  // namespace limpet::app
