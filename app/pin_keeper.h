// PinKeeper: keeps the pins of a process in a file: takes those of the last one in before anybody is served,
// saves them every minute when something has changed, and at the end. The table is dumped in slices between
// other work, and a thread of its own writes, so that neither a large table nor a slow disk holds control up.
// Owned by the Server. Control thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "affinity/pin_transfer.h"
#include "affinity/table.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "net/uv_loop.h"

namespace limpet::app {

class PinKeeper {
 public:
  // All outlive the keeper.
  struct Parts {
    net::UvLoop& loop;
    affinity::AffinityTable& table;
    Log& log;
    const Clock& clock;
    std::function<std::span<const affinity::PoolView>()> pools;  // those of now
  };
  static constexpr Duration kSaveEvery = std::chrono::minutes(1);

  // Takes the lock of `file`, unless `lock` is the one that a predecessor held. Who does not get it saves
  // nothing, and says so in the log.
  PinKeeper(Parts parts, std::string file, net::Fd lock = {});
  ~PinKeeper();  // waits for the file that is being written
  PinKeeper(const PinKeeper&) = delete;
  PinKeeper& operator=(const PinKeeper&) = delete;

  // Takes in what the file has. Requires that nobody is served yet.
  void restore();
  void save_every(Duration time = kSaveEvery);
  // Saves what has changed, before it returns. For the end.
  void save_now();

  // The file is another process's from now on: nothing is saved any more.
  void let_go();
  // Invalid when it is not held.
  [[nodiscard]] const net::Fd& lock() const noexcept { return lock_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  struct Written {
    Result<std::uint64_t> bytes;
  };

  // What is being saved.
  struct Saving {
    affinity::PinDump dump;
    std::uint64_t changes = 0;  // of the table, when it began
    Instant began;
    std::vector<std::string> pieces{};
  };

  void begin();
  void step();
  void write();
  void on_written(const Written& written);
  void report(const Result<std::uint64_t>& bytes);
  void join();
  [[nodiscard]] bool has_changed() const { return parts_.table.changes() != saved_changes_; }

  Parts parts_;
  std::string file_;
  net::Fd lock_;
  std::unique_ptr<net::Timer> minute_;
  std::unique_ptr<net::Timer> step_;  // null unless a dump is under way
  std::optional<Saving> saving_;      // until it is written
  std::thread writer_;                // joinable while it writes, and until it is heard
  net::Mailbox<Written> written_;
  std::uint64_t saved_changes_ = 0;
  bool has_warned_ = false;  // that it cannot be written, until it was
};

}  // namespace limpet::app
