// Bounds: what was measured beside what was promised, as a Markdown table. One thread.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace limpet::bench {

class Bounds {
 public:
  explicit Bounds(const char* title) {
    std::printf("\n| %s | measured | bound | |\n|---|---|---|---|\n", title);
  }

  // A bound of 0 = none: the row is there to be read.
  void row(const std::string& what, double measured, const char* unit, double bound = 0) {
    const bool holds = bound == 0 || measured <= bound;
    const char* const verdict = bound == 0 ? "" : holds ? "holds" : "BROKEN";
    const std::string limit = bound == 0 ? std::string() : "<= " + text_of(bound) + " " + unit;
    std::printf("| %s | %s %s | %s | %s |\n", what.c_str(), text_of(measured).c_str(), unit, limit.c_str(),
                verdict);
    std::fflush(stdout);
    all_hold_ = all_hold_ && holds;
  }
  [[nodiscard]] bool all_hold() const noexcept { return all_hold_; }

 private:
  [[nodiscard]] static std::string text_of(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value < 10 ? "%.2f" : "%.0f", value);
    return text;
  }

  bool all_hold_ = true;
};

}  // namespace limpet::bench
