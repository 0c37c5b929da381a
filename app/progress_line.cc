#include "app/progress_line.h"

#include <iostream>

#include "app/terminal.h"
#include "console/text.h"

namespace limpet::app {

ProgressLine::ProgressLine() : is_rewritten_(output_is_terminal()) {}

ProgressLine::~ProgressLine() {
  end();
}

void ProgressLine::show(const std::string& text) {
  if (text == shown_) {
    return;
  }
  shown_ = text;
  if (is_rewritten_) {
    // One column stays free: a full line would make some terminals go on to the next.
    std::cout << "\r" << console::clipped(text, terminal_size().columns - 1) << "\x1b[K" << std::flush;
  } else {
    std::cout << text << "\n" << std::flush;
  }
}

void ProgressLine::end() {
  if (is_rewritten_ && !shown_.empty()) {
    std::cout << "\n" << std::flush;
  }
  shown_.clear();
}

}  // namespace limpet::app
