// How `limpet top` looks: lines for a screen of a size, or a text for whoever reads it without one. Pure. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "console/top_view.h"

namespace limpet::console {

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;

  friend bool operator==(const Size&, const Size&) = default;
};

enum class Style : std::uint8_t { Plain, Title, Heading, Selected, Fault, Warning, Quiet };

struct Line {
  std::string text;  // printable, at most as many characters as there are columns
  Style style = Style::Plain;

  friend bool operator==(const Line&, const Line&) = default;
};

// Exactly size.rows lines.
[[nodiscard]] std::vector<Line> screen_of(const TopModel& model, const TopView& view, const Size& size);

// All backends, some of the sessions and events, with a line feed behind each line.
[[nodiscard]] std::string report_of(const TopModel& model, const TopView& view);

}  // namespace limpet::console
