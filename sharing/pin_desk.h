// PinDesk: where workers ask which backend a key has on all nodes together. The first who asks for a key
// that nobody has gets the backend that it proposes; everybody after it gets the same. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "affinity/key.h"
#include "affinity/table.h"
#include "base/clock.h"

namespace limpet::sharing {

struct PinAnswer {
  std::uint64_t question = 0;  // as asked
  // True: the affinity table holds what all nodes agree on. False: nobody could be asked, decide alone.
  bool is_settled = false;
};

// Who has asked. Outlives the desk's last answer to it.
class PinAsker {
 public:
  // Any thread.
  virtual void answer(PinAnswer answer) = 0;

 protected:
  ~PinAsker() = default;
};

struct PinQuestion {
  std::uint64_t question = 0;  // the asker's own number
  PinAsker* asker = nullptr;   // null: nobody waits
  affinity::PoolId pool = 0;
  affinity::Key key;
  affinity::Pin proposed;
  // What gives way: a pin to this backend is changed. 0: none does, only a key without a pin gets one.
  backends::BackendId instead_of = 0;
  Duration ttl{};
};

class PinDesk {
 public:
  virtual ~PinDesk() = default;
  // False while asking is in vain: pins are this node's own, or those whom they are shared with are away.
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  // How long a decision may wait for an answer.
  [[nodiscard]] virtual Duration patience() const noexcept = 0;
  // Is answered once, later. The answer may come late, or never when the desk closes for good.
  virtual void ask(PinQuestion question) = 0;
};

}  // namespace limpet::sharing
