// What two processes of limpet tell one another during an upgrade, one message each (net/fd_passing.h). The
// old process is left, the new one right:
//
//   Hello, Sockets..., Backends..., TicketKeys, Offered ->
//   Pins... (all of them, to the end)       ->
//                                           <- Ready, or Failed
//   Pins... (what has changed), Go          ->     nobody is accepted meanwhile
//                                           <- Serving
//   Sessions..., Pins..., the end           ->     while the old process drains
//
// The codec is pure and strict: what is not exactly one message is refused. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"
#include "settings/settings.h"

namespace limpet::app {

// Another number: the two do not understand one another, and the old process goes on.
inline constexpr std::uint32_t kHandoverVersion = 2;

// The first word, and the same in every version.
struct Hello {
  std::uint32_t version = kHandoverVersion;
  std::uint32_t pid = 0;

  friend bool operator==(const Hello&, const Hello&) = default;
};

enum class SocketUse : std::uint8_t { Listener, Admin, PinLock };

// Comes with descriptors.
struct Sockets {
  SocketUse use = SocketUse::Listener;
  bool begins = true;  // false: more of the listener of the message before
  std::string name;    // where it is bound, as configured (port 0 stays 0); of a lock: the path of the file
  bool lent = false;   // by a service manager

  friend bool operator==(const Sockets&, const Sockets&) = default;
};

struct BackendWord {
  std::string pool;
  std::string name;
  backends::Health health = backends::Health::Unknown;
  backends::Mode mode = backends::Mode::Enabled;
  bool closes = true;                    // where it drains: live sessions are sent away, too
  std::optional<settings::Rate> rate{};  // of that drain alone; none = the pool's

  friend bool operator==(const BackendWord&, const BackendWord&) = default;
};
struct Backends {
  std::vector<BackendWord> words;

  friend bool operator==(const Backends&, const Backends&) = default;
};

// What net::TlsTickets::save() made.
struct TicketKeys {
  std::string bytes;

  friend bool operator==(const TicketKeys&, const TicketKeys&) = default;
};

struct Offered {
  friend bool operator==(const Offered&, const Offered&) = default;
};

// A piece of what affinity::PinDump makes.
struct Pins {
  std::string bytes;

  friend bool operator==(const Pins&, const Pins&) = default;
};

struct Ready {
  friend bool operator==(const Ready&, const Ready&) = default;
};
struct Failed {
  std::string detail;

  friend bool operator==(const Failed&, const Failed&) = default;
};
struct Go {
  friend bool operator==(const Go&, const Go&) = default;
};
struct Serving {
  friend bool operator==(const Serving&, const Serving&) = default;
};

// So many are left in the old process.
struct Sessions {
  std::uint64_t left = 0;

  friend bool operator==(const Sessions&, const Sessions&) = default;
};

using HandoverMessage =
    std::variant<Hello, Sockets, Backends, TicketKeys, Offered, Pins, Ready, Failed, Go, Serving, Sessions>;

// At most so many bytes of pins in a message, and what is left of a longer text of a Failed.
inline constexpr std::size_t kMaxPinBytes = 16 * 1024;  // half a millisecond for who takes them in
inline constexpr std::size_t kMaxDetailBytes = 8 * 1024;

// Requires what stays within the bounds of a message: split() of Backends, kMaxPinBytes.
[[nodiscard]] std::string encode(const HandoverMessage& message);
[[nodiscard]] Result<HandoverMessage> decode_handover(std::string_view bytes);

// Of any number, as messages that are within the bounds. Names that are too long for one are left out.
[[nodiscard]] std::vector<Backends> split(std::vector<BackendWord> words);

}  // namespace limpet::app
