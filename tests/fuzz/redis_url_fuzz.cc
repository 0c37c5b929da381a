// A URL of a Redis, anything: what is taken is complete and is read back from its printed form; nothing that
// is told shows the password.
#include <string>

#include "settings/redis_url.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using limpet::fuzz::claim;
using settings::RedisUrl;

namespace {

// A letter that no message has. Whatever stands in front of the last @ may be a password.
constexpr char kTelling = 'Q';

bool shows_secret(std::string_view told, std::string_view text) {
  const std::size_t end = text.rfind('@');
  const std::size_t last = text.rfind(kTelling);
  const bool is_secret = end != std::string_view::npos && last != std::string_view::npos && last < end;
  return is_secret && told.find(kTelling) != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto url = RedisUrl::parse(text);
  if (!url.ok()) {
    claim(!url.error().detail.empty(), "a refusal says why");
    claim(!shows_secret(url.error().detail, text), "a refusal shows no password");
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
