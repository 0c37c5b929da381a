// RedisUrl: where a Redis is and how to enter it, as one line of text. Pure. Immutable. Any thread.
//   redis://[[user]:password@]host[:port][/db]           rediss:// = the same over TLS
//   redis+sentinel://[[user]:password@]host[:port],host[:port],.../MASTER[/db]     rediss+sentinel://
//   redis+unix:///absolute/path[?db=N]     redis+unix://user:password@/absolute/path
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace limpet::settings {

struct RedisUrl {
  static constexpr std::uint16_t kRedisPort = 6379;
  static constexpr std::uint16_t kSentinelPort = 26379;
  static constexpr std::size_t kMostServers = 64;   // Sentinels; three to seven are usual
  static constexpr std::uint32_t kMostDb = 65'535;  // no server is set up with more databases than that

  bool tls = false;
  std::string user{};               // empty = the default user
  std::string password{};           // empty = none is sent
  std::vector<Endpoint> servers{};  // one, or the Sentinels
  std::string master{};             // what the Sentinels call it; empty = servers[0] is the Redis itself
  std::uint32_t db = 0;

  // The error says what is wrong and how it would be right, and never shows the password. %XX is decoded in
  // user and password, nowhere else.
  [[nodiscard]] static Result<RedisUrl> parse(std::string_view text);
  [[nodiscard]] bool is_sentinel() const noexcept { return !master.empty(); }
  // As parse() reads it, ports written out, with *** in place of the password.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};

}  // namespace limpet::settings
