// What systemd and its like are told and give, without their library. Read from the environment once, at the
// start. Control thread.
//   ServiceManager      datagrams to $NOTIFY_SOCKET (sd_notify(3)), the time of $WATCHDOG_USEC
//   activated_sockets   $LISTEN_FDS (sd_listen_fds(3))
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/fd.h"

namespace limpet::net {

// How a variable of the environment is looked up; null where there is none.
using Environment = std::function<const char*(const char* name)>;

class ServiceManager {
 public:
  // Of this process. Where nobody asked to be told, every call does nothing.
  [[nodiscard]] static ServiceManager from_environment();
  [[nodiscard]] static ServiceManager from_environment(const Environment& environment, int pid);

  void ready() const { tell("READY=1"); }
  // This process is the main one from now on: for one that has followed another.
  void ready_as_main() const;
  // Before a reload, with ready() behind it.
  void reloading() const;
  void stopping() const { tell("STOPPING=1"); }
  void alive() const { tell("WATCHDOG=1"); }
  // How often alive() is awaited at least; none = never. Half of what was asked for.
  [[nodiscard]] std::optional<Duration> alive_every() const noexcept { return alive_every_; }

 private:
  void tell(std::string_view message) const;

  std::string path_;  // of the socket; a leading '@' stands for the abstract name; empty = nobody listens
  int pid_ = 0;
  std::optional<Duration> alive_every_;
};

struct ActivatedSocket {
  Fd socket;
  std::string name;  // of $LISTEN_FDNAMES, or "unknown"
};

// The sockets that were opened for this process; none when they are meant for another. They are not passed on
// to children. To be asked once: their numbers are taken.
[[nodiscard]] std::vector<ActivatedSocket> activated_sockets();

// Pure: how many, and their names; the first is descriptor 3.
[[nodiscard]] std::vector<std::string> activated_names(const Environment& environment, int pid);

}  // namespace limpet::net
