#include "app/configuration.h"

#include <algorithm>
#include <array>
#include <utility>

#include "settings/find_named.h"

namespace limpet::app {

namespace {

// Whether `changes` touch what is below or at `key`.
bool touches(const std::vector<settings::Change>& changes, std::string_view key) {
  return std::ranges::any_of(changes, [&](const settings::Change& change) {
    return key.starts_with(change.key) && (key.size() == change.key.size() || key[change.key.size()] == '.');
  });
}

}  // namespace

std::string_view word(Author author) noexcept {
  constexpr std::array<std::string_view, 3> kWords{"start", "signal", "api"};
  return kWords[static_cast<std::size_t>(author)];
}

std::string_view word(RunTimeMark mark) noexcept {
  constexpr std::array<std::string_view, 4> kWords{"", "added", "removed", "weight"};
  return kWords[static_cast<std::size_t>(mark)];
}

Configuration::Configuration(settings::Settings settings, std::string file, WallTime now)
    : file_(std::move(file)), loaded_(settings), running_(std::move(settings)), loaded_at_(now) {}

Configuration::Plan Configuration::plan(settings::Settings loaded) const {
  Plan plan;
  plan.changes = settings::difference(running_, loaded);
  for (settings::Change& change : settings::difference(loaded_, running_)) {
    if (touches(plan.changes, change.key)) {
      plan.undone.push_back(std::move(change));
    }
  }
  settings::keep_what_needs_restart(running_, loaded);
  plan.next = std::move(loaded);
  return plan;
}

void Configuration::accept(settings::Settings next, Author author, WallTime now) {
  loaded_ = next;
  running_ = std::move(next);
  author_ = author;
  loaded_at_ = now;
  ++generation_;
  ++accepted_;
}

void Configuration::accept_run_time(settings::Settings next) {
  running_ = std::move(next);
  ++generation_;
}

RunTimeMark Configuration::mark(std::string_view pool, std::string_view backend) const {
  const settings::Backend* const in_file = settings::find_backend(loaded_, pool, backend);
  const settings::Backend* const runs = settings::find_backend(running_, pool, backend);
  if (in_file == nullptr || runs == nullptr) {
    return runs != nullptr      ? RunTimeMark::Added
           : in_file != nullptr ? RunTimeMark::Removed
                                : RunTimeMark::None;
  }
  return in_file->weight != runs->weight ? RunTimeMark::Weight : RunTimeMark::None;
}

}  // namespace limpet::app
