// A URL of a Redis, anything: what is taken is complete and is read back from its printed form; nothing that
// is told shows the password.
#include <string>

#include "settings/redis_url.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using limpet::fuzz::claim;
using settings::RedisUrl;

namespace {

// Whatever stands in front of the last @ may be one, but for short ones, which any message may hold.
bool shows(std::string_view told, std::string_view text) {
  constexpr std::size_t kTelling = 12;
  const std::size_t end = text.rfind('@');
  const std::size_t begin = text.find("://");
  if (end == std::string_view::npos || begin == std::string_view::npos || end < begin + 3 + kTelling) {
    return false;
  }
  return told.find(text.substr(begin + 3, end - begin - 3)) != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto url = RedisUrl::parse(text);
  if (!url.ok()) {
    claim(!url.error().detail.empty(), "a refusal says why");
    claim(!shows(url.error().detail, text), "a refusal shows no password");
    return 0;
  }
  claim(!url->servers.empty(), "there is a server");
  claim(url->is_sentinel() || url->servers.size() == 1, "several are Sentinels");
  for (const Endpoint& server : url->servers) {
    claim(server.is_unix() != (server.port != 0), "a server has a port or a path");
    claim(server.is_unix() || !server.host.empty(), "a server has a host");
  }
  const std::string printed = url->to_string();
  auto again = RedisUrl::parse(printed);
  claim(again.ok() && again->to_string() == printed, "what is printed is read back");
  again->password = url->password;
  claim(*again == *url, "and is the same but for the password");
  return 0;
}
