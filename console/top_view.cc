#include "console/top_view.h"

#include <algorithm>
#include <array>
#include <functional>

#include "console/text.h"

namespace limpet::console {

namespace {

using Mode = TopView::Mode;

constexpr std::size_t kPage = 10;  // rows a page key moves

template <typename Order>
void go_on(Order& order) {
  constexpr auto kCount = static_cast<std::size_t>(Order::kCount);
  order = static_cast<Order>((static_cast<std::size_t>(order) + 1) % kCount);
}

// What is sorted by; the larger stands first.
double weight_of(const TopBackend& backend, BackendOrder order) {
  switch (order) {
    case BackendOrder::State:
      return static_cast<double>(backend.state.look);
    case BackendOrder::Sessions:
      return backend.sessions;
    case BackendOrder::Requests:
      return backend.requests_per_s.value_or(0);
    case BackendOrder::Failures:
      return backend.failures_per_s.value_or(0);
    case BackendOrder::File:
    case BackendOrder::kCount:
      break;
  }
  return 0;
}

void select(TopView& view, const TopModel& model, std::size_t steps, bool down) {
  const auto backends = visible_backends(model, view);
  if (backends.empty()) {
    return;
  }
  const std::size_t at = selected_index(backends, view);
  const std::size_t to =
      down ? std::min(backends.size() - 1, at + std::min(steps, backends.size())) : at - std::min(steps, at);
  view.selected = backends[to]->whom;
}

void ask(TopView& view, const TopModel& model, Verb verb) {
  const auto backends = visible_backends(model, view);
  if (backends.empty()) {
    view.note = "there is no backend to " + std::string(word(verb));
    return;
  }
  view.order = {verb, backends[selected_index(backends, view)]->whom};
  view.mode = Mode::Confirming;
}

Reaction on_confirming_key(TopView& view, const Key& key) {
  if (key.is("y") || key.is("Y")) {
    view.mode = Mode::Browsing;
    return {.order = view.order};
  }
  if (key.is("n") || key.is("N") || key.is("q") || key.kind == Key::Kind::Escape) {
    view.mode = Mode::Browsing;
    view.note = "nothing was done";
  }
  return {};
}

void drop_last_character(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
    text.pop_back();
  }
  if (!text.empty()) {
    text.pop_back();
  }
}

Reaction on_filtering_key(TopView& view, const Key& key) {
  constexpr std::size_t kLongest = 100;
  const std::string before = view.filter;
  if (key.kind == Key::Kind::Enter) {
    view.mode = Mode::Browsing;
  } else if (key.kind == Key::Kind::Escape) {
    view.mode = Mode::Browsing;
    view.filter.clear();
  } else if (key.kind == Key::Kind::Backspace) {
    drop_last_character(view.filter);
  } else if (key.kind == Key::Kind::Text && view.filter.size() < kLongest) {
    view.filter += key.text;
  }
  return {.filter_changed = view.filter != before};
}

// One key of the browsing mode.
struct Binding {
  Key key;
  Reaction (*act)(TopView& view, const TopModel& model);
};

const std::vector<Binding>& bindings() {
  using Kind = Key::Kind;
  const auto text = [](const char* character) { return Key{Kind::Text, character}; };
  static const std::vector<Binding> kBindings{
      {text("q"), [](TopView&, const TopModel&) { return Reaction{.quits = true}; }},
      {text("s"), [](TopView& view, const TopModel&) { return go_on(view.backends_by), Reaction{}; }},
      {text("r"),
       [](TopView& view, const TopModel&) { return view.is_reversed = !view.is_reversed, Reaction{}; }},
      {text("o"), [](TopView& view, const TopModel&) { return go_on(view.sessions_by), Reaction{}; }},
      {text("/"), [](TopView& view, const TopModel&) { return view.mode = Mode::Filtering, Reaction{}; }},
      {text("?"), [](TopView& view, const TopModel&) { return view.mode = Mode::Helping, Reaction{}; }},
      {text("h"), [](TopView& view, const TopModel&) { return view.mode = Mode::Helping, Reaction{}; }},
      {text("d"),
       [](TopView& view, const TopModel& model) { return ask(view, model, Verb::Drain), Reaction{}; }},
      {text("e"),
       [](TopView& view, const TopModel& model) { return ask(view, model, Verb::Enable), Reaction{}; }},
      {text("j"),
       [](TopView& view, const TopModel& model) { return select(view, model, 1, true), Reaction{}; }},
      {text("k"),
       [](TopView& view, const TopModel& model) { return select(view, model, 1, false), Reaction{}; }},
      {{Kind::Down},
       [](TopView& view, const TopModel& model) { return select(view, model, 1, true), Reaction{}; }},
      {{Kind::Up},
       [](TopView& view, const TopModel& model) { return select(view, model, 1, false), Reaction{}; }},
      {{Kind::PageDown},
       [](TopView& view, const TopModel& model) { return select(view, model, kPage, true), Reaction{}; }},
      {{Kind::PageUp},
       [](TopView& view, const TopModel& model) { return select(view, model, kPage, false), Reaction{}; }},
      {{Kind::Home},
       [](TopView& view, const TopModel& model) {
         return select(view, model, ~std::size_t{0}, false), Reaction{};
       }},
      {{Kind::End},
       [](TopView& view, const TopModel& model) {
         return select(view, model, ~std::size_t{0}, true), Reaction{};
       }},
      {{Kind::Escape},
       [](TopView& view, const TopModel&) {
         const bool had_one = !view.filter.empty();
         view.filter.clear();
         return Reaction{.filter_changed = had_one};
       }},
      {{Kind::Redraw}, [](TopView&, const TopModel&) { return Reaction{.redraws = true}; }},
  };
  return kBindings;
}

}  // namespace

std::string_view word(BackendOrder order) noexcept {
  constexpr std::array<std::string_view, static_cast<std::size_t>(BackendOrder::kCount)> kWords{
      "file", "state", "sessions", "requests", "failures"};
  return kWords[static_cast<std::size_t>(order)];
}

std::string_view word(Verb verb) noexcept {
  return verb == Verb::Drain ? "drain" : "enable";
}

Reaction on_key(TopView& view, const TopModel& model, const Key& key) {
  switch (view.mode) {
    case Mode::Confirming:
      return on_confirming_key(view, key);
    case Mode::Filtering:
      return on_filtering_key(view, key);
    case Mode::Helping:
      view.mode = Mode::Browsing;
      return {.quits = key.is("q")};
    case Mode::Browsing:
      break;
  }
  view.note.clear();
  const auto bound = std::ranges::find(bindings(), key, &Binding::key);
  return bound != bindings().end() ? bound->act(view, model) : Reaction{};
}

std::vector<const TopBackend*> visible_backends(const TopModel& model, const TopView& view) {
  std::vector<const TopBackend*> visible;
  for (const TopBackend& backend : model.backends) {
    if ((backend.label + " " + std::string(backend.state.word)).find(view.filter) != std::string::npos) {
      visible.push_back(&backend);
    }
  }
  std::ranges::stable_sort(visible, std::greater<>(), [&view](const TopBackend* backend) {
    return weight_of(*backend, view.backends_by);
  });
  if (view.is_reversed) {
    std::ranges::reverse(visible);
  }
  return visible;
}

std::vector<const TopSession*> visible_sessions(const TopModel& model, const TopView& view) {
  std::vector<const TopSession*> visible;
  for (const TopSession& session : model.sessions) {
    visible.push_back(&session);
  }
  std::ranges::sort(visible, [&view](const TopSession* a, const TopSession* b) {
    const double first = badness(*a, view.sessions_by);
    const double second = badness(*b, view.sessions_by);
    return first != second ? first > second : a->id < b->id;
  });
  return visible;
}

std::size_t selected_index(const std::vector<const TopBackend*>& backends, const TopView& view) {
  const auto found = std::ranges::find_if(backends, [&view](const TopBackend* backend) {
    return view.selected && backend->whom == *view.selected;
  });
  return found != backends.end() ? static_cast<std::size_t>(found - backends.begin()) : 0;
}

}  // namespace limpet::console
