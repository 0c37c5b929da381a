#include "settings/hints.h"

#include <algorithm>

#include "base/text.h"

namespace limpet::settings {

namespace {

constexpr std::size_t kLettersPerSlip = 3;    // One wrong letter in three is still the same word to a reader.
constexpr std::size_t kLongestKnownKey = 32;  // Bounds the work for a key that is a whole page.

// Letters that changed places, like "hots" for "host", count as two edits although they are one slip.
std::size_t distance_between(const std::string& a, const std::string& b) {
  const bool same_letters = a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
  const std::size_t distance = edit_distance(a, b);
  return same_letters && distance == 2 ? 1 : distance;
}

const std::string* nearest(std::string_view key, const std::vector<std::string>& known) {
  if (key.size() > kLongestKnownKey) {
    return nullptr;
  }
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, key.size() / kLettersPerSlip) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = distance_between(to_lower(key), candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string unknown_key_message(std::string_view key, const std::vector<std::string>& known) {
  if (const std::string* candidate = nearest(key, known)) {
    return "unknown key; did you mean \"" + *candidate + "\"?";
  }
  std::string list;
  for (const std::string& name : known) {
    list += (list.empty() ? "" : ", ") + name;
  }
  return "unknown key; known here: " + list;
}

}  // namespace limpet::settings
