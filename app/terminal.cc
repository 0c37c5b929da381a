#include "app/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace limpet::app {

namespace {

// Another screen, no cursor, and no line that goes on in the next one; and back. Where a terminal does not
// know the other screen, the text stays.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

constexpr std::array kMistakes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// What the handler below needs. A signal handler has no other way to anything: the one mutable global.
struct Restore {
  termios before{};
  volatile std::sig_atomic_t is_needed = 0;
};
Restore restore;

// All of it, but not for ever: a terminal that takes nothing is not waited for.
bool write_all(std::string_view bytes) noexcept {
  constexpr int kPatienceMs = 1000;
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, kPatienceMs) <= 0) {
        return true;
      }
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// Only what a signal handler may call (POSIX 2.4.3).
void put_back() noexcept {
  if (restore.is_needed != 0) {
    restore.is_needed = 0;
    write_all(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &restore.before);
  }
}

void on_mistake(int number) {
  put_back();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

std::string_view code_of(console::Style style) {
  switch (style) {
    case console::Style::Plain:
      return "";
    case console::Style::Title:
    case console::Style::Heading:
      return "\x1b[1m";
    case console::Style::Selected:
      return "\x1b[7m";
    case console::Style::Fault:
      return "\x1b[1;31m";
    case console::Style::Warning:
      return "\x1b[33m";
    case console::Style::Quiet:
      return "\x1b[2m";
  }
  return "";
}

// https://no-color.org
bool has_colour() {
  const char* const no = std::getenv("NO_COLOR");
  return no == nullptr || *no == '\0';
}

}  // namespace

bool output_is_terminal() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

bool is_interactive() {
  return output_is_terminal() && ::isatty(STDIN_FILENO) == 1;
}

console::Size terminal_size() {
  winsize size{};
  const bool is_told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  return is_told ? console::Size{.columns = size.ws_col, .rows = size.ws_row} : console::Size{};
}

Terminal::Terminal() {
  ::tcgetattr(STDIN_FILENO, &restore.before);
  for (const int number : kMistakes) {
    ::signal(number, on_mistake);
  }
  enter();
}

Terminal::~Terminal() {
  leave();
  for (const int number : kMistakes) {
    ::signal(number, SIG_DFL);
  }
}

void Terminal::enter() {
  termios raw = restore.before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // ISIG stays: Ctrl-C and Ctrl-Z are signals
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  restore.is_needed = 1;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_all(kEnter);
  drawn_.clear();
}

void Terminal::leave() {
  put_back();
}

bool Terminal::draw(const std::vector<console::Line>& lines, bool all) {
  const bool anew = all || drawn_.size() != lines.size();
  const bool has_colours = has_colour();
  std::string bytes = anew ? "\x1b[2J" : "";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (anew ? lines[i].text.empty() : lines[i] == drawn_[i]) {
      continue;
    }
    const bool has_style = has_colours || lines[i].style == console::Style::Selected;
    bytes.append("\x1b[" + std::to_string(i + 1) + ";1H");
    bytes.append(has_style ? code_of(lines[i].style) : "").append(lines[i].text).append("\x1b[0m\x1b[K");
  }
  drawn_ = lines;
  return write_all(bytes);
}

}  // namespace limpet::app
