// What `limpet top` makes of one look after the other.
#include "console/top_model.h"

#include <algorithm>
#include <set>

#include "tests/console/answers.h"
#include "tests/support/catch.h"

using namespace limpet::console;

namespace {

Json page(std::vector<Json> sessions, const char* next = nullptr) {
  return {{"sessions", sessions}, {"next", next == nullptr ? Json(nullptr) : Json(next)}};
}

std::set<std::uint64_t> ids(const std::vector<TopSession>& sessions) {
  std::set<std::uint64_t> ids;
  for (const TopSession& session : sessions) {
    ids.insert(session.id);
  }
  return ids;
}

}  // namespace

TEST_CASE("rates are of two looks, whatever the time between them") {
  TopReader reader;
  reader.take(answers(100), 10.0);
  CHECK_FALSE(reader.model().rates);
  CHECK_FALSE(reader.model().backends[0].requests_per_s);
  reader.take(answers(150), 12.0);
  REQUIRE(reader.model().rates);
  CHECK(reader.model().rates->requests == 25);
  CHECK(reader.model().backends[0].requests_per_s == 25.0);
  CHECK(reader.model().backends[1].failures_per_s == 25.0);
}

TEST_CASE("counters of a process that has begun anew make no rate") {
  TopReader reader;
  reader.take(answers(100), 10.0);
  reader.take(answers(3), 11.0);
  CHECK(reader.model().rates->requests == 0);
  CHECK(reader.model().backends[0].requests_per_s == 0.0);
}

TEST_CASE("a look that failed keeps what was seen, says so, and does not make a rate of nothing") {
  TopReader reader;
  reader.take(answers(100), 10.0);
  reader.take({.problem = "nobody\x1b listens"}, 11.0);
  CHECK(reader.model().problem == "nobody\\x1b listens");
  CHECK(reader.model().backends.size() == 2);
  reader.take(answers(200), 20.0);
  CHECK(reader.model().problem.empty());
  CHECK(reader.model().rates->requests == 10);
}

TEST_CASE("a backend that came later has no rate at first") {
  TopReader reader;
  reader.take(answers(), 1.0);
  TopAnswers more = answers();
  more.backends["backends"].push_back(backend_answer("b3", 0, 1000));
  reader.take(more, 2.0);
  CHECK_FALSE(reader.model().backends[2].requests_per_s);
}

TEST_CASE("names of backends are labelled with the pool only where there are several") {
  TopReader reader;
  TopAnswers two = answers();
  reader.take(two, 1.0);
  CHECK(reader.model().backends[0].label == "b1");
  two.backends["backends"][0]["pool"] = "ch\nat";
  reader.take(two, 2.0);
  CHECK(reader.model().backends[0].label == "ch\\x0aat/b1");
  CHECK(reader.model().backends[0].whom == BackendName{"ch\nat", "b1"});
}

TEST_CASE("events are asked for once, shown the newest first, and begun anew with another process") {
  TopReader reader;
  TopAnswers look = answers();
  look.events = Json::parse(R"({"last": 2, "events": [
    {"id": 1, "at": "2026-01-31T08:15:30.123Z", "event": "health", "pool": "default", "backend": "b1", "from": "up", "to": "down", "sessions": 1},
    {"id": 2, "at": "2026-01-31T08:15:31.123Z", "event": "configuration", "pool": null, "backend": null, "from": "6", "to": "7", "sessions": 0}]})");
  reader.take(look, 1.0);
  CHECK(reader.last_event() == 2);
  REQUIRE(reader.model().events.size() == 2);
  CHECK(reader.model().events[0].sentence == "configuration 7 runs");
  CHECK(reader.model().events[1].time == "08:15:30");
  CHECK(reader.model().events[1].sentence == "b1 of pool default is down (was up), 1 session");
  look.events = Json::parse(R"({"last": 1, "events": []})");
  reader.take(look, 2.0);
  CHECK(reader.last_event() == 0);
  CHECK(reader.model().events.empty());
}

TEST_CASE("of many pages of sessions the worst are known after one way through them") {
  SessionSweep sweep;
  constexpr int kAll = 5000;
  constexpr int kPage = 500;
  for (int from = 1; from <= kAll; from += kPage) {
    std::vector<Json> rows;
    for (int id = from; id < from + kPage; ++id) {
      rows.push_back(session_answer(id, id, kAll - id, id == 2345 ? 1 : 0));
    }
    sweep.add(page(rows, from + kPage <= kAll ? std::to_string(from).c_str() : nullptr));
    CHECK(sweep.cursor().empty() == (from + kPage > kAll));
    CHECK(sweep.worst().size() <= 3 * SessionSweep::kKept + kPage);
  }
  CHECK(sweep.looked_at() == kAll);
  const auto found = ids(sweep.worst());
  for (std::uint64_t id = 1; id <= SessionSweep::kKept; ++id) {
    CHECK(found.contains(id));             // the oldest
    CHECK(found.contains(kAll + 1 - id));  // those with the most bytes
  }
  CHECK(found.contains(2345));  // the only one with a queue
}

TEST_CASE("a session of the last way through is shown until this way has come to an end") {
  SessionSweep sweep;
  sweep.add(page({session_answer(1, 10, 1), session_answer(2, 20, 2)}));
  sweep.add(page({session_answer(2, 21, 3)}, "more"));
  CHECK(ids(sweep.worst()) == std::set<std::uint64_t>{1, 2});
  CHECK(sweep.worst()[0].bytes == 21);
  sweep.add(page({}));
  CHECK(ids(sweep.worst()) == std::set<std::uint64_t>{2});
}

TEST_CASE("a filter begins anew and lets only sessions with its words in") {
  TopReader reader;
  reader.take_sessions(page({session_answer(1, 10, 1), session_answer(2, 20, 2)}, "more"));
  CHECK(reader.session_cursor() == "more");
  reader.filter_sessions("user-2");
  CHECK(reader.session_cursor().empty());
  CHECK(reader.model().sessions.empty());
  reader.take_sessions(page({session_answer(1, 10, 1), session_answer(2, 20, 2)}));
  CHECK(ids(reader.model().sessions) == std::set<std::uint64_t>{2});
}
