// Configuration: what limpet runs with: the file, what was changed since without one, and what a new file
// would change. Values alone: nothing here opens, binds or tells anybody. Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "settings/difference.h"
#include "settings/settings.h"

namespace limpet::app {

// Who had the file loaded.
enum class Author : std::uint8_t { Start, Signal, Api };
[[nodiscard]] std::string_view word(Author author) noexcept;

// What was done to a backend at run time.
enum class RunTimeMark : std::uint8_t { None, Added, Removed, Weight };
[[nodiscard]] std::string_view word(RunTimeMark mark) noexcept;  // empty for None

class Configuration {
 public:
  // `file`: where `settings` came from; empty = from no file, and there is nothing to reload.
  Configuration(settings::Settings settings, std::string file, WallTime now);

  [[nodiscard]] const settings::Settings& running() const noexcept { return running_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  // 1 at the start, and one more with every reload and every change at run time.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] WallTime loaded_at() const noexcept { return loaded_at_; }
  [[nodiscard]] Author author() const noexcept { return author_; }

  struct Plan {
    settings::Settings next;                // what would run
    std::vector<settings::Change> changes;  // also those that need a restart, which `next` does not have
    std::vector<settings::Change> undone;   // changes made at run time that `next` would not have any more
  };
  [[nodiscard]] Plan plan(settings::Settings loaded) const;
  // The file was loaded and runs now.
  void accept(settings::Settings next, Author author, WallTime now);
  // The file was loaded and is refused: what ran before runs on.
  void refuse() noexcept { ++refused_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  // The same as accept() for a change at run time.
  void accept_run_time(settings::Settings next);

  [[nodiscard]] RunTimeMark mark(std::string_view pool, std::string_view backend) const;

 private:
  std::string file_;
  settings::Settings loaded_;   // what the file made run
  settings::Settings running_;  // that and the changes at run time
  std::uint64_t generation_ = 1;
  std::uint64_t accepted_ = 0;  // reloads
  std::uint64_t refused_ = 0;
  WallTime loaded_at_;
  Author author_ = Author::Start;
};

}  // namespace limpet::app
