// Terminal: a screen of its own on the terminal of this process: keys come one by one and unseen, and
// whatever ends the process, the terminal is as it was before. One at a time. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "console/top_screen.h"

namespace limpet::app {

// Standard output goes to a terminal that can move its cursor.
[[nodiscard]] bool output_is_terminal();
// And standard input comes from one.
[[nodiscard]] bool is_interactive();
// Of standard output; 80 x 24 where it does not say.
[[nodiscard]] console::Size terminal_size();

class Terminal {
 public:
  // Requires is_interactive(). Signals that end a process by a mistake in it put the terminal back first;
  // what an orderly signal does is the caller's to decide.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Puts the terminal back, for a stop (Ctrl-Z), and takes it again.
  void leave();
  void enter();

  // Writes what has changed since the last call; with `all` everything. False when nobody is there any more.
  bool draw(const std::vector<console::Line>& lines, bool all);

 private:
  std::vector<console::Line> drawn_;
};

}  // namespace limpet::app
