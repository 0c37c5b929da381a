#include "console/explain_text.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "console/show.h"
#include "console/text.h"

namespace limpet::console {

namespace {

// A word of the endpoint, and what it means.
struct Phrase {
  std::string_view word;
  std::string_view meaning;
};

constexpr std::array kSteps{Phrase{"by_hand", "a pin set by an operator"},
                            Phrase{"cookie", "the backend named in the cookie"},
                            Phrase{"pin", "the pin in the table"},
                            Phrase{"strict", "strict affinity"},
                            Phrase{"walk", "the order of backends that the key gives"},
                            Phrase{"balance", "the load of the backends"}};

constexpr std::array kVerdicts{Phrase{"taken", "it is taken"},
                               Phrase{"none", "there is none"},
                               Phrase{"gone", "it names a backend that is not there any more"},
                               Phrase{"already tried", "it was tried already"},
                               Phrase{"passed over", "it takes clients, but another one was free sooner"},
                               Phrase{"not the least loaded", "another one carries less for its weight"}};

constexpr std::array kReasons{Phrase{"balance", "the least loaded"},
                              Phrase{"hash", "the first of its order that can take it"},
                              Phrase{"overflow", "the first of its order that is below its load bound"},
                              Phrase{"failover", "its own backend cannot take it"},
                              Phrase{"moved", "an operator has pinned it there"},
                              Phrase{"no_backend", "503: no backend can take it"},
                              Phrase{"strict", "503: its own backend cannot take it, and no other may"}};

// What has no phrase is a clause already: "down", "over its load bound", "full".
template <std::size_t count>
std::string meaning_of(const std::array<Phrase, count>& phrases, const std::string& word,
                       std::string_view before) {
  const auto found = std::ranges::find(phrases, word, &Phrase::word);
  return found != phrases.end() ? std::string(found->meaning) : std::string(before) + printable(word);
}

std::string verdict_of(const Json& step) {
  const std::string verdict = text(step, "verdict");
  return field(step, "backend").is_null() ? meaning_of(kVerdicts, verdict, "")
                                          : meaning_of(kVerdicts, verdict, "it is ");
}

}  // namespace

std::string explanation_text(const Json& explanation) {
  const Json& key = field(explanation, "key");
  const std::string who =
      key.is_null() ? "a client that has no key yet"
                    : "the client with the key " + show(key) + " (" + show(explanation, "kind") + ")";
  std::vector<Row> rows;
  for (const Json& step : list(explanation, "steps")) {
    rows.push_back({"  " + std::to_string(rows.size() + 1), meaning_of(kSteps, text(step, "step"), ""),
                    show(step, "backend"), verdict_of(step)});
  }
  const std::string reason = text(explanation, "reason");
  const Json& backend = field(explanation, "backend");
  return who + ", in pool " + show(explanation, "pool") + ":\n" + align(rows) +
         (backend.is_null() ? "it would be answered " : "it would go to " + show(backend) + ": ") +
         meaning_of(kReasons, reason, "") + "\n";
}

std::string forecast_text(const Json& forecast) {
  const bool is_less = !field(forecast, "without").is_null();
  const bool is_more = !field(forecast, "with").is_null();
  std::string head =
      "pool " + show(forecast, "pool") + (is_less ? " without " + show(forecast, "without") : "") +
      (is_less && is_more ? " and" : "") +
      (is_more ? " with " + show(forecast, "with") + " of weight " + show(forecast, "weight") : "");
  std::vector<Row> rows{{"FROM", "TO", "KEYS", "SESSIONS", "WHEN"}};
  double at_once = 0;
  double in_time = 0;
  for (const Json& move : list(forecast, "moves")) {
    const bool is_at_once = text(move, "when") == "at_once";
    (is_at_once ? at_once : in_time) += number(move, "keys");
    const Json& to = field(move, "to");
    rows.push_back({show(move, "from"), to.is_null() ? "nobody: 503" : show(to), show(move, "keys"),
                    show(move, "sessions"), is_at_once ? "next request" : "when its pin has ended"});
  }
  const auto whole = [](double count) { return plural(count, "key"); };
  head += ": of " + whole(number(forecast, "keys")) + " with " +
          plural(number(forecast, "sessions"), "live session") + ", " + whole(at_once) +
          " would move at once" +
          (is_more ? " and " + whole(in_time) + " in time (pins hold until then)" : "") + "\n";
  return rows.size() > 1 ? head + align(rows) : head;
}

}  // namespace limpet::console
