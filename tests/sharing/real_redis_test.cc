// A link against a real redis-server.
#include "sharing/redis_link.h"
#include "tests/net/tls_pki.h"
#include "tests/sharing/real_link.h"
#include "tests/sharing/redis_server.h"

namespace limpet::sharing {
namespace {

using testing::at;
using testing::RealLink;
using testing::RedisServer;
using testing::Words;

std::string url_of(const RedisServer& server, const std::string& user = "") {
  return "redis://" + user + server.address();
}

std::vector<std::string> cluster_lines(const std::string& bus_port) {
  return {"cluster-enabled yes", "cluster-port " + bus_port, "cluster-node-timeout 2000"};
}

TEST_CASE("a real server is entered by name, address and Unix socket, and answers") {
  net::UvLoop loop;
  const RedisServer server;
  const std::vector<std::string> urls{url_of(server), "redis://localhost:" + server.port() + "/2",
                                      "redis+unix://" + server.socket() + "?db=2"};
  const std::string& url = urls[GENERATE(0U, 1U, 2U)];
  RealLink link(loop, at(url));
  link.await("up");
  CHECK(link.say({"SET", "k", std::string("\0\r\n", 3)}) == "OK");
  CHECK(link.say({"GET", "k"}) == std::string("\0\r\n", 3));
  CHECK(link.say({"CLIENT", "GETNAME"}) == "limpet");
  CHECK(link.say({"LPUSH", "k", "v"}).starts_with("WRONGTYPE"));
  CHECK(link.link().is_up());
}

TEST_CASE("ten thousand commands at once are answered in order") {
  net::UvLoop loop;
  const RedisServer server;
  RealLink link(loop, at(url_of(server)));
  link.await("up");
  constexpr std::int64_t kMany = 10'000;
  std::int64_t next = 1;
  const std::vector<std::string_view> words{"INCR", "n"};
  for (std::int64_t i = 0; i < kMany; ++i) {
    link.link().send(words, [&next](const RedisAnswer& answer) {
      next += answer.ok() && answer->integer == next ? 1 : 0;
    });
  }
  CHECK(healthcheck::testing::turn_until(loop, [&] { return link.link().outstanding() == 0; }));
  CHECK(next == kMany + 1);
}

TEST_CASE("what one link publishes the other one hears, also after the server was away") {
  net::UvLoop loop;
  RedisServer server;
  RealLink talker(loop, at(url_of(server)));
  auto options = at(url_of(server));
  options.channels = {"news"};
  RealLink listener(loop, std::move(options));
  talker.await("up");
  listener.await("up");
  CHECK(talker.ask({"PUBLISH", "news", "one"})->integer == 1);
  listener.await("message news: one");
  server.end();
  talker.await("down closed");
  listener.await("down closed");
  server.start();
  talker.await("up");
  listener.await("up");
  CHECK(talker.ask({"PUBLISH", "news", "two"})->integer == 1);
  listener.await("message news: two");
}

TEST_CASE("a server that does not answer is lost, and found again when it does") {
  net::UvLoop loop;
  const RedisServer server;
  auto options = at(url_of(server));
  options.silence = Duration(1'500);
  RealLink link(loop, std::move(options), Duration(500));
  link.await("up");
  server.freeze();
  CHECK(link.say({"GET", "k"}) == "[timeout]");
  link.await("down timeout");
  CHECK(link.say({"GET", "k"}) == "[unavailable]");
  server.thaw();
  link.await("up");
  CHECK(link.say({"PING"}) == "PONG");
}

TEST_CASE("a password, and a user of the ACL, are asked for and given") {
  net::UvLoop loop;
  const RedisServer server({"requirepass secret", "user limpet on >p@ss ~limpet* &* +@all"});
  const auto [user, told] = GENERATE(table<std::string, std::string>({
      {"", "down auth"},
      {":wrong@", "down auth"},
      {":secret@", "up"},
      {"limpet:secret@", "down auth"},
      {"limpet:p%40ss@", "up"},
  }));
  RealLink link(loop, at(url_of(server, user)));
  link.await(told);
  if (user.starts_with("limpet") && told == "up") {
    CHECK(link.say({"SET", "limpet:k", "v"}) == "OK");
    CHECK(link.say({"SET", "other", "v"}).starts_with("NOPERM"));
  }
}

TEST_CASE("a user that may do little more than what is needed is enough") {
  net::UvLoop loop;
  const RedisServer server({"user limpet on >p resetchannels ~limpet* +ping +get"});
  RealLink link(loop, at(url_of(server, "limpet:p@")));
  link.await("up");
  CHECK(link.ask({"GET", "limpet:k"})->is_nil());
  auto options = at(url_of(server, "limpet:p@"));
  options.channels = {"news"};
  RealLink listener(loop, std::move(options));
  listener.await("down auth");
}

TEST_CASE("over TLS a server is entered when its certificate is the right one") {
  net::UvLoop loop;
  test::Pki pki;
  test::Pki other;
  const net::TlsFiles files = pki.issue({.names = "IP:127.0.0.1"});
  const RedisServer server({"tls-cert-file " + files.certificate, "tls-key-file " + files.key,
                            "tls-ca-cert-file " + pki.ca_file(), "tls-auth-clients no"});
  auto options = at("rediss://" + server.address());
  options.tls.ca = pki.ca_file();
  SECTION("the right one") {
    RealLink link(loop, std::move(options));
    link.await("up");
    const std::string large(1'000'000, 'x');
    CHECK(link.say({"SET", "k", large}) == "OK");
    CHECK(link.say({"GET", "k"}) == large);
  }
  SECTION("signed by nobody we know") {
    options.tls.ca = other.ca_file();
    RealLink link(loop, std::move(options));
    link.await("down tls");
  }
  SECTION("for another name") {
    options.url = settings::RedisUrl::parse("rediss://localhost:" + server.port()).value();
    RealLink link(loop, std::move(options));
    link.await("down tls");
    CHECK(link.story.detail.find("another name") != std::string::npos);
  }
  SECTION("plain text on a port of TLS") {
    options.url.tls = false;
    RealLink link(loop, std::move(options));
    link.await("down closed");
  }
}

TEST_CASE("a server that asks for a certificate gets ours") {
  net::UvLoop loop;
  test::Pki pki;
  const net::TlsFiles files = pki.issue({.names = "IP:127.0.0.1"});
  const RedisServer server({"tls-cert-file " + files.certificate, "tls-key-file " + files.key,
                            "tls-ca-cert-file " + pki.ca_file(), "tls-auth-clients yes"});
  auto options = at("rediss://" + server.address());
  options.tls.ca = pki.ca_file();
  const bool has_own = GENERATE(true, false);
  if (has_own) {
    options.tls.own = pki.issue({.names = "DNS:limpet.test"});
  }
  RealLink link(loop, std::move(options));
  link.await(has_own ? "up" : "down tls");
}

TEST_CASE("a server without memory for writes stays, and says so") {
  net::UvLoop loop;
  const RedisServer server;
  RealLink link(loop, at(url_of(server)));
  link.await("up");
  REQUIRE(link.say({"CONFIG", "SET", "maxmemory", "1"}) == "OK");
  CHECK(link.say({"SET", "k", "v"}).starts_with("OOM"));
  CHECK(link.ask({"GET", "k"})->is_nil());
  CHECK(link.link().is_up());
}

TEST_CASE("a master that becomes a replica is left, and taken when it is a master again") {
  net::UvLoop loop;
  const RedisServer server;
  RealLink link(loop, at(url_of(server)));
  RealLink operator_link(loop, at(url_of(server)));
  link.await("up");
  operator_link.await("up");
  static_cast<void>(operator_link.ask({"REPLICAOF", "127.0.0.1", "1"}));
  static_cast<void>(link.ask({"SET", "k", "v"}));
  link.await("down read_only");
}

TEST_CASE("in a cluster the link goes to the node that has the keys") {
  net::UvLoop loop;
  const std::string bus = std::to_string(testing::free_port());
  const RedisServer first(cluster_lines(std::to_string(testing::free_port())));
  const RedisServer second(cluster_lines(bus));
  RealLink keeper(loop, at(url_of(second)));
  RealLink link(loop, at(url_of(first)));
  keeper.await("up");
  link.await("up");
  REQUIRE(keeper.say({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}) == "OK");
  REQUIRE(link.say({"CLUSTER", "MEET", "127.0.0.1", second.port(), bus}) == "OK");
  link.insist({"GET", "{limpet}k"}, "MOVED");
  link.await("down moved");
  link.await("up");
  CHECK(link.link().peer() == second.address());
  link.insist({"SET", "{limpet}k", "v"}, "OK");
}

TEST_CASE("a failover that Sentinel makes is followed") {
  net::UvLoop loop;
  RedisServer master;
  RealLink keeper(loop, at(url_of(master)));
  keeper.await("up");
  const RedisServer replica({"replicaof 127.0.0.1 " + master.port(), "repl-diskless-sync-delay 0"});
  REQUIRE(healthcheck::testing::turn_until(loop, [&] {
    return keeper.ask({"WAIT", "1", "100"})->integer == 1;
  }));
  // It asks the master for its replicas at once when it begins, and then every ten seconds.
  const RedisServer sentinel({"sentinel monitor main 127.0.0.1 " + master.port() + " 1",
                              "sentinel down-after-milliseconds main 500",
                              "sentinel failover-timeout main 3000"});
  RealLink link(loop, at("redis+sentinel://" + sentinel.address() + "/main"));
  link.await("up");
  CHECK(link.link().peer() == master.address());
  REQUIRE(healthcheck::testing::turn_until(loop, [&] { return sentinel.logged("+slave"); }));
  master.end();
  link.await("down closed");
  link.await("up");
  CHECK(link.link().peer() == replica.address());
  CHECK(link.say({"SET", "k", "v"}) == "OK");
}

}  // namespace
}  // namespace limpet::sharing
