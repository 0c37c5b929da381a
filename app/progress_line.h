// ProgressLine: tells how something goes on: on a terminal in one line that is written anew, elsewhere in a
// line at each change. On standard output. One thread.
#pragma once

#include <string>
#include <string_view>

namespace limpet::app {

class ProgressLine {
 public:
  ProgressLine();
  // Ends the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& text);
  [[nodiscard]] bool is_rewritten() const noexcept { return is_rewritten_; }
  void end();

 private:
  bool is_rewritten_;
  std::string shown_;  // empty: nothing yet
};

}  // namespace limpet::app
