// TopView: what somebody has chosen to see in `limpet top`, and what a key does to it. Pure. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/key.h"
#include "console/top_model.h"

namespace limpet::console {

enum class BackendOrder : std::uint8_t { File, State, Sessions, Requests, Failures, kCount };

[[nodiscard]] std::string_view word(BackendOrder order) noexcept;

enum class Verb : std::uint8_t { Drain, Enable };

// As the path of the call has it.
[[nodiscard]] std::string_view word(Verb verb) noexcept;

// What is to be asked of the endpoint.
struct TopOrder {
  Verb verb = Verb::Drain;
  BackendName whom;
};

struct TopView {
  enum class Mode : std::uint8_t {
    Browsing,
    Filtering,   // the filter is being typed
    Confirming,  // the plan of `order` is shown, and awaits y or n
    Helping,
  };

  Mode mode = Mode::Browsing;
  BackendOrder backends_by = BackendOrder::File;
  SessionOrder sessions_by = SessionOrder::Bytes;
  bool is_reversed = false;  // of the backends
  std::string filter;
  std::optional<BackendName> selected;  // none, or one that has gone: the first
  TopOrder order;                       // of Confirming
  std::string note;                     // what came of the last order
};

struct Reaction {
  bool quits = false;
  bool filter_changed = false;
  bool redraws = false;             // everything: the screen may have been written over
  std::optional<TopOrder> order{};  // confirmed
};

// What was typed along with the key that opened a plan is no answer to it: the caller drops the other keys of
// the same read when the mode has become Confirming.
[[nodiscard]] Reaction on_key(TopView& view, const TopModel& model, const Key& key);

// The backends that pass the filter, in the order that was chosen; they belong to the model.
[[nodiscard]] std::vector<const TopBackend*> visible_backends(const TopModel& model, const TopView& view);
// The same of the sessions, the worst first.
[[nodiscard]] std::vector<const TopSession*> visible_sessions(const TopModel& model, const TopView& view);
// Where the selected one stands in them.
[[nodiscard]] std::size_t selected_index(const std::vector<const TopBackend*>& backends, const TopView& view);

}  // namespace limpet::console
