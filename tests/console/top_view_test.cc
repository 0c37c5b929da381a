// What keys do in `limpet top`.
#include "console/top_view.h"

#include "tests/console/answers.h"
#include "tests/support/catch.h"

using namespace limpet::console;
using Mode = TopView::Mode;

namespace {

// Somebody at the keyboard.
struct User {
  TopReader reader;
  TopView view;
  Reaction last;

  User() {
    reader.take(answers(100), 1.0);
    reader.take(answers(150), 2.0);
  }
  User& types(std::string_view bytes) {
    for (const Key& key : keys_of(bytes)) {
      last = on_key(view, reader.model(), key);
    }
    return *this;
  }
  [[nodiscard]] std::string order() const {
    std::string names;
    for (const TopBackend* backend : visible_backends(reader.model(), view)) {
      names += backend->label + " ";
    }
    return names;
  }
  [[nodiscard]] std::string selected() const {
    const auto backends = visible_backends(reader.model(), view);
    return backends.empty() ? "" : backends[selected_index(backends, view)]->label;
  }
};

}  // namespace

TEST_CASE("keys are read as terminals send them") {
  using Kind = Key::Kind;
  CHECK(keys_of("qü") == std::vector<Key>{{Kind::Text, "q"}, {Kind::Text, "ü"}});
  CHECK(keys_of("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[1~\x1b[F") ==
        std::vector<Key>{
            {Kind::Up}, {Kind::Down}, {Kind::PageUp}, {Kind::PageDown}, {Kind::Home}, {Kind::End}});
  CHECK(keys_of("\r\x7f\x1b") == std::vector<Key>{{Kind::Enter}, {Kind::Backspace}, {Kind::Escape}});
  CHECK(keys_of("\x1b[200~x") == std::vector<Key>{{Kind::Text, "x"}});
  CHECK(keys_of("\x1b[1;5Cx") == std::vector<Key>{{Kind::Text, "x"}});
  CHECK(keys_of("\x01\xff").empty());
}

TEST_CASE("the sort key goes through the orders, and r reverses them") {
  User user;
  CHECK(user.order() == "b1 b2 ");
  CHECK(user.types("ss").order() == "b2 b1 ");  // by sessions
  CHECK(user.types("s").order() == "b1 b2 ");   // by requests
  CHECK(user.types("r").order() == "b2 b1 ");
  CHECK(user.types("rss").view.backends_by == BackendOrder::File);
}

TEST_CASE("the selection stays with its backend when the order changes") {
  User user;
  CHECK(user.selected() == "b1");
  CHECK(user.types("j").selected() == "b2");
  CHECK(user.types("jj").selected() == "b2");
  CHECK(user.types("ss").selected() == "b2");
  CHECK(user.types("\x1b[H").selected() == "b2");
  CHECK(user.types("\x1b[B").selected() == "b1");
  CHECK(user.types("\x1b[A\x1b[A").selected() == "b2");
}

TEST_CASE("a filter is typed, kept with Enter and dropped with Escape") {
  User user;
  user.types("/b");
  CHECK(user.last.filter_changed);
  CHECK(user.types("2").order() == "b2 ");
  CHECK(user.types("qq").order().empty());  // text, not a command
  CHECK(user.types("\x7f\x7f\r").order() == "b2 ");
  CHECK(user.view.mode == Mode::Browsing);
  CHECK(user.types("\x1b").order() == "b1 b2 ");
  CHECK(user.last.filter_changed);
  CHECK(user.types("/ü\x7f").view.filter.empty());
}

TEST_CASE("drain asks first and is ordered by y alone") {
  User user;
  user.types("jd");
  CHECK(user.view.mode == Mode::Confirming);
  CHECK_FALSE(user.last.order);
  for (const char* key : {"x", "\r", "d", "j"}) {
    user.types(key);
    CHECK_FALSE(user.last.order);
    CHECK(user.view.mode == Mode::Confirming);
  }
  user.types("y");
  REQUIRE(user.last.order);
  CHECK(user.last.order->whom == BackendName{"default", "b2"});
  CHECK(word(user.last.order->verb) == "drain");
  CHECK(user.view.mode == Mode::Browsing);
}

TEST_CASE("anybody can change their mind") {
  const char* key = GENERATE("n", "N", "q", "\x1b");
  User user;
  user.types("d").types(key);
  CHECK_FALSE(user.last.order);
  CHECK_FALSE(user.last.quits);
  CHECK(user.view.mode == Mode::Browsing);
  CHECK(user.view.note == "nothing was done");
}

TEST_CASE("where no backend is seen there is nothing to drain") {
  User user;
  user.types("/nobody\rd");
  CHECK(user.view.mode == Mode::Browsing);
  CHECK(user.view.note == "there is no backend to drain");
}

TEST_CASE("q quits, also from the help, which any other key leaves") {
  User user;
  CHECK_FALSE(user.types("?x").last.quits);
  CHECK(user.view.mode == Mode::Browsing);
  CHECK(user.types("?q").last.quits);
  CHECK(user.types("q").last.quits);
}

TEST_CASE("sessions stand by bytes, age or queue, the worst first") {
  User user;
  user.reader.take_sessions(
      {{"sessions", {session_answer(1, 30, 1, 2), session_answer(2, 20, 3, 1), session_answer(3, 10, 2, 3)}},
       {"next", nullptr}});
  const auto first = [&user] { return visible_sessions(user.reader.model(), user.view).front()->id; };
  CHECK(first() == 1);
  user.types("o");
  CHECK(first() == 2);
  user.types("o");
  CHECK(first() == 3);
}

TEST_CASE("the plan of a drain says how many, how fast and who takes them") {
  const TopAnswers look = answers();
  const auto plan = drain_plan(look.status, look.backends, {"default", "b2"});
  REQUIRE(plan.size() == 4);
  CHECK(plan[0] == "7 live sessions will be told to go, at 5/s: about 1s.");
  CHECK(plan[1].find("for the grace time of 30s.") != std::string::npos);
  CHECK(plan[2] == "1 other backend of pool default can take them.");
  TopAnswers alone = answers();
  alone.backends["backends"][0]["mode"] = "draining";
  alone.backends["backends"][0]["drain"] = {{"close", true}};
  const auto rests = drain_plan(alone.status, alone.backends, {"default", "b2"});
  CHECK(rests[0] == "7 live sessions will be told to go, at 5/s: about 2s.");
  CHECK(rests[1] == "It shares the pace with 1 other backend of the pool.");
  CHECK(rests[3] == "No other backend of pool default can take them: the drain rests until there is one.");
  CHECK(drain_plan(look.status, look.backends, {"chat", "b2"}) ==
        std::vector<std::string>{"It is not there any more."});
  CHECK(enable_plan(look.backends, {"default", "b2"}).size() == 2);
  CHECK(per_second("90/m") == 1.5);
  CHECK(per_second("many") == 0);
}
