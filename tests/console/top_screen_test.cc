// How `limpet top` looks.
#include "console/top_screen.h"

#include <algorithm>

#include "console/text.h"
#include "tests/console/answers.h"
#include "tests/support/catch.h"

using namespace limpet::console;

namespace {

TopModel model_with(int sessions) {
  TopReader reader;
  TopAnswers look = answers(100);
  look.backends["backends"][0]["health"] = "down";
  look.events = {
      {"last", 1},
      {"events",
       {{{"at", "2026-01-31T08:15:30.123Z"}, {"event", "added"}, {"pool", "default"}, {"backend", "b2"}}}}};
  reader.take(look, 1.0);
  look.status["totals"]["requests"] = 1600;
  reader.take(look, 2.0);
  Json rows = Json::array();
  for (int id = 1; id <= sessions; ++id) {
    rows.push_back(session_answer(id, 1000 * id, id));
  }
  reader.take_sessions({{"sessions", rows}, {"next", nullptr}});
  return reader.model();
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += line.text + "\n";
  }
  return text;
}

bool shows(const std::vector<Line>& lines, const std::string& words) {
  return text_of(lines).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the screen has what is wrong, rates, backends, sessions, events and keys") {
  const auto lines = screen_of(model_with(3), {}, {.columns = 120, .rows = 30});
  INFO(text_of(lines));
  CHECK(lines[0].text == "limpet 1.2.3  up 1m1s  2 workers  process 4711  configuration 7");
  CHECK(lines[1].text == "10 sessions  4 pins  0 opens/s  0 ends/s  1.5k requests/s  0 errors/s");
  CHECK(lines[2].text == "b1 is down");
  CHECK(lines[2].style == Style::Warning);
  CHECK(shows(lines, "> b1            down                   3         0         0         1\n") == false);
  CHECK(shows(lines, "> b1 "));
  CHECK(shows(lines, "  b2 "));
  CHECK(shows(lines, "sessions with the most bytes, 3 looked at\n"));
  CHECK(shows(lines, "10.0.0.3:99"));
  CHECK(text_of(lines).find("10.0.0.3:99") < text_of(lines).find("10.0.0.1:99"));
  CHECK(shows(lines, "08:15:30  b2 of pool default was added\n"));
  CHECK(lines.back().text.starts_with("q quit"));
  CHECK(std::ranges::count(lines, Style::Selected, &Line::style) == 1);
}

TEST_CASE("whatever the size, there are as many lines as rows and none is too wide") {
  const TopModel model = model_with(500);
  for (const auto mode : {TopView::Mode::Browsing, TopView::Mode::Filtering, TopView::Mode::Confirming,
                          TopView::Mode::Helping}) {
    TopView view;
    view.mode = mode;
    view.order = {Verb::Drain, {"default", "b2"}};
    view.note = "a note";
    for (std::size_t columns = 0; columns <= 200; columns += 7) {
      for (std::size_t rows = 0; rows <= 60; ++rows) {
        const auto lines = screen_of(model, view, {columns, rows});
        REQUIRE(lines.size() == rows);
        REQUIRE(std::ranges::all_of(lines, [&](const Line& line) { return width_of(line.text) <= columns; }));
      }
    }
  }
}

TEST_CASE("the selected backend is seen wherever it stands among many") {
  TopReader reader;
  TopAnswers look = answers();
  for (int i = 3; i <= 300; ++i) {
    look.backends["backends"].push_back(backend_answer("b" + std::to_string(i), 0, 0));
  }
  reader.take(look, 1.0);
  for (const int chosen : {1, 2, 150, 299, 300}) {
    TopView view;
    view.selected = {"default", "b" + std::to_string(chosen)};
    const auto lines = screen_of(reader.model(), view, {80, 24});
    const auto selected = std::ranges::find(lines, Style::Selected, &Line::style);
    REQUIRE(selected != lines.end());
    CHECK(selected->text.starts_with("> b" + std::to_string(chosen) + " "));
  }
}

TEST_CASE("the plan is on the screen before anything is done, and nothing of it is cut at 80 x 24") {
  TopView view;
  view.mode = TopView::Mode::Confirming;
  view.order = {Verb::Drain, {"default", "b2"}};
  const auto lines = screen_of(model_with(100), view, {100, 24});
  CHECK(shows(lines, "drain b2 of pool default?\n  7 live sessions will be told to go, at 5/s: about 1s.\n"));
  CHECK(lines.back().text == "y does it, n leaves it");
}

TEST_CASE("before the first answer, and when there is none any more, the screen says so") {
  CHECK(screen_of({}, {}, {80, 24})[0].text == "limpet top: asking ...");
  TopModel model = model_with(1);
  model.problem = "cannot reach it";
  const auto lines = screen_of(model, {}, {80, 24});
  CHECK(shows(lines, "what is shown is older: cannot reach it\n"));
}

TEST_CASE("nothing of the network reaches the terminal as a command") {
  TopReader reader;
  TopAnswers look = answers();
  look.backends["backends"][0]["name"] = "b\x1b[2J";
  look.backends["backends"][0]["health"] = "down\n";
  look.backends["backends"][0]["drain"] = {
      {"remaining", 1}, {"told", 1}, {"rate", "\x1b]0;x\x07"}, {"eta_s", 1}};
  look.events = {{"last", 1}, {"events", {{{"at", "2026-01-31T\x1b[2J\x1b[2J"}, {"event", "\x1b[2J"}}}}};
  look.problem = "\x1b[2J";
  reader.take(look, 1.0);
  Json session = session_answer(1, 1, 1);
  session["client"] = session["key"] = session["backend"] = "\x1b[2J\xc2\x9b";
  reader.take_sessions({{"sessions", {session}}, {"next", nullptr}});
  TopView view;
  view.filter = "";
  view.note = "\x1b[2J";
  view.order = {Verb::Drain, {"default", "b\x1b[2J"}};
  for (const auto mode : {TopView::Mode::Browsing, TopView::Mode::Confirming}) {
    view.mode = mode;
    for (const Line& line : screen_of(reader.model(), view, {200, 50})) {
      CHECK(printable(line.text) == line.text);
    }
  }
  std::string report = report_of(reader.model(), view);
  std::erase(report, '\n');
  CHECK(printable(report) == report);
}

TEST_CASE("the report has all backends and is not cut") {
  const std::string report = report_of(model_with(50), {});
  CHECK(report.find("limpet 1.2.3") == 0);
  CHECK(report.find("\nb1 ") != std::string::npos);
  CHECK(report.find("\nb2 ") != std::string::npos);
  CHECK(report.find("10.0.0.50:99") != std::string::npos);
  CHECK(report.find("10.0.0.1:99") == std::string::npos);
  CHECK(report.find("events, UTC\n08:15:30  b2") != std::string::npos);
}
