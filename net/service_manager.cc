#include "net/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/number.h"
#include "base/text.h"

namespace limpet::net {

namespace {

constexpr int kFirstActivated = 3;
// More than anybody listens on: a wrong number must not make us touch every descriptor there is.
constexpr std::uint64_t kMostActivated = 4096;

std::string_view text_of(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value != nullptr ? value : std::string_view{};
}

std::optional<std::uint64_t> number_of(const Environment& environment, const char* name) {
  return whole_number<std::uint64_t>(text_of(environment, name));
}

Environment environment_of_process() {
  return [](const char* name) -> const char* { return std::getenv(name); };
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  return from_environment(environment_of_process(), getpid());
}

ServiceManager ServiceManager::from_environment(const Environment& environment, int pid) {
  ServiceManager manager;
  manager.pid_ = pid;
  const std::string_view path = text_of(environment, "NOTIFY_SOCKET");
  // "vsock:..." and the like are for other machines.
  const bool is_usable = path.starts_with('/') || path.starts_with('@');
  if (!is_usable || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return manager;
  }
  manager.path_ = path;
  const auto watched = number_of(environment, "WATCHDOG_PID");
  const auto microseconds = number_of(environment, "WATCHDOG_USEC");
  constexpr std::uint64_t kMostMicroseconds = std::chrono::microseconds(std::chrono::hours(24 * 365)).count();
  const bool is_for_us = !watched || *watched == static_cast<std::uint64_t>(pid);
  if (is_for_us && microseconds && *microseconds > 0 && *microseconds < kMostMicroseconds) {
    const auto half = std::chrono::duration_cast<Duration>(
        std::chrono::microseconds(static_cast<std::int64_t>(*microseconds / 2)));
    manager.alive_every_ = std::max(half, Duration(1));
  }
  return manager;
}

void ServiceManager::ready_as_main() const {
  tell("READY=1\nMAINPID=" + std::to_string(pid_));
}

void ServiceManager::reloading() const {
  constexpr std::int64_t kMicroseconds = 1'000'000;
  constexpr std::int64_t kNanosecondsAMicrosecond = 1000;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  tell("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(now.tv_sec * kMicroseconds + now.tv_nsec / kNanosecondsAMicrosecond));
}

// Nobody waits for the manager: a word that cannot be said now is not said.
void ServiceManager::tell(std::string_view message) const {
  if (path_.empty()) {
    return;
  }
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path_, static_cast<char*>(address.sun_path));
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  if (path_.starts_with('@')) {
    address.sun_path[0] = '\0';
  } else {
    ++length;  // with the terminating zero
  }
  ::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
}

std::vector<std::string> activated_names(const Environment& environment, int pid) {
  const auto for_whom = number_of(environment, "LISTEN_PID");
  const std::uint64_t count = number_of(environment, "LISTEN_FDS").value_or(0);
  if (for_whom != static_cast<std::uint64_t>(pid) || count > kMostActivated) {
    return {};
  }
  std::vector<std::string> names;
  std::string_view rest = text_of(environment, "LISTEN_FDNAMES");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = take_until(rest, ':');
    names.emplace_back(name.empty() ? "unknown" : name);
  }
  return names;
}

std::vector<ActivatedSocket> activated_sockets() {
  std::vector<ActivatedSocket> sockets;
  int number = kFirstActivated;
  for (std::string& name : activated_names(environment_of_process(), getpid())) {
    Fd socket(number++);
    // What is not open is not ours: Fd must not close it.
    if (fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
      static_cast<void>(socket.release());
      continue;
    }
    sockets.push_back({std::move(socket), std::move(name)});
  }
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    unsetenv(name);
  }
  return sockets;
}

}  // namespace limpet::net
