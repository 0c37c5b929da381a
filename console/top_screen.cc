#include "console/top_screen.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "console/show.h"
#include "console/text.h"
#include "console/top_lists.h"

namespace limpet::console {

namespace {

using Mode = TopView::Mode;
using Lines = std::vector<Line>;

std::string title_of(const TopModel& model) {
  const Json& status = model.status;
  return "limpet " + show(status, "version") + "  up " + show_seconds(field(status, "uptime_s")) + "  " +
         plural(number(status, "workers"), "worker") + "  process " + show(status, "pid") +
         "  configuration " + show(status, "generation");
}

std::string load_of(const TopModel& model) {
  std::string line = show(model.status, "sessions") + " sessions  " + show(model.status, "pins") + " pins  ";
  if (!model.rates) {
    return line + "rates follow";
  }
  return line + show_short(model.rates->opened) + " opens/s  " + show_short(model.rates->ended) +
         " ends/s  " + show_short(model.rates->requests) + " requests/s  " + show_short(model.rates->errors) +
         " errors/s";
}

std::string backends_title(const TopModel& model, const TopView& view, std::size_t shown) {
  return std::to_string(shown) + " of " + plural(static_cast<double>(model.backends.size()), "backend") +
         ", by " + std::string(word(view.backends_by)) + (view.is_reversed ? ", reversed" : "") +
         (view.filter.empty() ? "" : ", with \"" + printable(view.filter) + "\"");
}

std::string sessions_title(const TopModel& model, const TopView& view) {
  return "sessions with the most " + std::string(word(view.sessions_by)) + ", " +
         show_short(static_cast<double>(model.sessions_looked_at)) + " looked at";
}

Style style_of(Gravity gravity) {
  return gravity == Gravity::Fault     ? Style::Fault
         : gravity == Gravity::Warning ? Style::Warning
                                       : Style::Plain;
}

Style style_of(Look look) {
  return look == Look::Bad ? Style::Fault : look == Look::Good ? Style::Plain : Style::Warning;
}

// What is said at the top.
Lines head_of(const TopModel& model, std::size_t most_warnings) {
  Lines head{{title_of(model), Style::Title}, {load_of(model), Style::Plain}};
  if (!model.problem.empty()) {
    head.push_back({"what is shown is older: " + model.problem, Style::Fault});
  }
  const std::size_t all = model.warnings.size();
  const std::size_t shown =
      all <= most_warnings ? all : most_warnings - std::min<std::size_t>(most_warnings, 1);
  for (std::size_t i = 0; i < shown; ++i) {
    head.push_back({model.warnings[i].text, style_of(model.warnings[i].gravity)});
  }
  if (shown < all) {
    head.push_back({"and " + plural(static_cast<double>(all - shown), "more warning") + ": limpet status",
                    style_of(model.warnings[shown].gravity)});
  }
  return head;
}

// What is said at the bottom.
Lines foot_of(const TopModel& model, const TopView& view) {
  switch (view.mode) {
    case Mode::Filtering:
      return {{"filter: " + printable(view.filter) + "_   Enter keeps it, Esc drops it", Style::Heading}};
    case Mode::Confirming: {
      const auto& [verb, whom] = view.order;
      Lines lines{
          {std::string(word(verb)) + " " + printable(whom.name) + " of pool " + printable(whom.pool) + "?",
           Style::Heading}};
      const auto plan = verb == Verb::Drain ? drain_plan(model.status, model.backend_answer, whom)
                                            : enable_plan(model.backend_answer, whom);
      for (const std::string& sentence : plan) {
        lines.push_back({"  " + sentence});
      }
      lines.push_back({"y does it, n leaves it", Style::Heading});
      return lines;
    }
    case Mode::Helping:
    case Mode::Browsing:
      break;
  }
  Lines lines;
  if (!view.note.empty()) {
    lines.push_back({printable(view.note), Style::Warning});
  }
  lines.push_back(
      {"q quit  up/down select  s sort  r reverse  o sessions by  / filter  d drain  e enable  ? help",
       Style::Quiet});
  return lines;
}

Lines help_lines() {
  constexpr std::array kHelp{
      "up, down, j, k   select a backend; also Page Up, Page Down, Home, End",
      "s                sort backends: as in the file, by state, sessions, requests/s, failures/s",
      "r                reverse that order",
      "o                sessions with the most bytes, the greatest age, the longest queue",
      "/                show only backends and sessions with some words; Esc shows all again",
      "d                drain the selected backend: the plan is shown first",
      "e                enable it again",
      "Ctrl-L           draw everything anew",
      "q                quit",
      "",
      "QUEUE is what waits in limpet for a slow client or backend, in bytes. Of many sessions some",
      "are looked at each second; the title of the list says how many of them so far.",
      "",
      "any key goes back"};
  Lines lines;
  for (const char* line : kHelp) {
    lines.push_back({line});
  }
  return lines;
}

void append(Lines& lines, Lines more) {
  std::ranges::move(more, std::back_inserter(lines));
}

// How many rows each list has under its title and heading; 0 leaves it out, title and all.
struct Shares {
  std::size_t backends = 0;
  std::size_t sessions = 0;
  std::size_t events = 0;
};

Shares share_out(std::size_t rows, const TopModel& model, std::size_t backends) {
  constexpr std::size_t kFrame = 2;       // title and heading
  constexpr std::size_t kEventFrame = 1;  // a title
  constexpr std::size_t kMostEvents = 6;
  constexpr std::size_t kLeast = 3;
  Shares shares;
  const auto take = [&rows](std::size_t wanted, std::size_t frame, std::size_t most) {
    const std::size_t got = rows > frame ? std::min(wanted, std::min(most, rows - frame)) : 0;
    rows -= got > 0 ? got + frame : 0;
    return got;
  };
  const std::size_t all = rows;
  const std::size_t sessions = std::max<std::size_t>(1, model.sessions.size());
  shares.backends = take(std::max<std::size_t>(1, backends), kFrame, std::max(kLeast, all / 2));
  if (all >= 4 * kLeast) {
    shares.events = take(model.events.size(), kEventFrame, std::min(kMostEvents, all / 5));
  }
  shares.sessions = rows >= kFrame + kLeast ? take(sessions, kFrame, rows) : 0;
  return shares;
}

// So that the selected one is seen.
std::size_t first_shown(std::size_t selected, std::size_t rows, std::size_t all) {
  const std::size_t middle = selected - std::min(selected, rows / 2);
  return std::min(middle, all - std::min(all, rows));
}

Lines body_of(const TopModel& model, const TopView& view, std::size_t rows) {
  const auto backends = visible_backends(model, view);
  const Shares shares = share_out(rows, model, backends.size());
  Lines lines;
  if (shares.backends > 0) {
    const std::size_t selected = selected_index(backends, view);
    const std::size_t from = first_shown(selected, shares.backends, backends.size());
    const auto list = backend_list(backends, from, shares.backends);
    lines.push_back({backends_title(model, view, backends.size()), Style::Quiet});
    lines.push_back({"  " + list.front(), Style::Heading});
    for (std::size_t i = 1; i < list.size(); ++i) {
      const bool is_selected = from + i - 1 == selected;
      lines.push_back({(is_selected ? "> " : "  ") + list[i],
                       is_selected ? Style::Selected : style_of(backends[from + i - 1]->state.look)});
    }
  }
  if (shares.sessions > 0) {
    const auto list = session_list(visible_sessions(model, view), shares.sessions);
    lines.push_back({sessions_title(model, view), Style::Quiet});
    lines.push_back({"  " + list.front(), Style::Heading});
    for (std::size_t i = 1; i < list.size(); ++i) {
      lines.push_back({"  " + list[i]});
    }
  }
  if (shares.events > 0) {
    lines.push_back({"events, UTC", Style::Quiet});
    for (std::size_t i = 0; i < shares.events; ++i) {
      lines.push_back({"  " + model.events[i].time + "  " + model.events[i].sentence});
    }
  }
  return lines;
}

}  // namespace

std::vector<Line> screen_of(const TopModel& model, const TopView& view, const Size& size) {
  constexpr std::size_t kMostWarnings = 4;
  Lines lines;
  Lines foot = foot_of(model, view);
  if (model.status.is_null()) {
    lines.push_back({model.problem.empty() ? "limpet top: asking ..." : model.problem, Style::Title});
  } else {
    append(lines, head_of(model, size.rows < 2 * kMostWarnings ? 0 : std::min(kMostWarnings, size.rows / 5)));
    const std::size_t used = std::min(size.rows, lines.size() + foot.size());
    append(lines, view.mode == Mode::Helping ? help_lines() : body_of(model, view, size.rows - used));
  }
  foot.resize(std::min(foot.size(), size.rows));
  lines.resize(size.rows - foot.size());
  append(lines, std::move(foot));
  for (Line& line : lines) {
    line.text = clipped(line.text, size.columns);
  }
  return lines;
}

std::string report_of(const TopModel& model, const TopView& view) {
  constexpr std::size_t kSessions = 20;
  constexpr std::size_t kEvents = 10;
  const auto backends = visible_backends(model, view);
  std::string report;
  const auto add = [&report](const std::string& line) { report.append(line).append("\n"); };
  for (const Line& line : head_of(model, model.warnings.size())) {
    add(line.text);
  }
  add("");
  std::ranges::for_each(backend_list(backends, 0, backends.size()), add);
  add("");
  add(sessions_title(model, view));
  std::ranges::for_each(session_list(visible_sessions(model, view), kSessions), add);
  if (!model.events.empty()) {
    add("");
    add("events, UTC");
  }
  for (std::size_t i = 0; i < std::min(model.events.size(), kEvents); ++i) {
    add(model.events[i].time + "  " + model.events[i].sentence);
  }
  return report;
}

}  // namespace limpet::console
