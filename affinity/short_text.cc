#include "affinity/short_text.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "base/assert.h"

namespace limpet::affinity {

void ShortText::assign(std::string_view text) {
  LIMPET_ASSERT(text.size() <= std::numeric_limits<std::uint8_t>::max(), "a short text is bounded");
  const std::unique_ptr<char[]> before(size_ > kInlineBytes ? longer() : nullptr);
  size_ = static_cast<std::uint8_t>(text.size());
  if (text.size() <= kInlineBytes) {
    std::ranges::copy(text, bytes_.data());
    return;
  }
  auto place = std::make_unique<char[]>(text.size());
  std::ranges::copy(text, place.get());
  char* const owned = place.release();
  std::memcpy(bytes_.data(), &owned, sizeof owned);
}

}  // namespace limpet::affinity
