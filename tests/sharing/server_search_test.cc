// Where a link finds its server: names, several addresses, Sentinels, nodes of a cluster, and when it comes
// back.
#include "sharing/redis_link.h"
#include "tests/sharing/link_rig.h"

namespace limpet::sharing {
namespace {

using testing::array;
using testing::at;
using testing::LinkRig;
using testing::MemoryRedis;
using testing::Words;
using Texts = std::vector<std::string>;

// A Sentinel that names this master; "" = it knows none.
MemoryRedis::Respond names(const std::string& host, const std::string& port = "6379") {
  return [=](const Words& words) -> std::string {
    if (words[0] != "SENTINEL") {
      return "-ERR unknown command\r\n";
    }
    return host.empty() ? "*-1\r\n" : array({host, port});
  };
}

std::string replica(const Words& words) {
  return words[0] == "ROLE" ? "*3\r\n$5\r\nslave\r\n$8\r\n10.0.0.9\r\n:6379\r\n" : MemoryRedis::master(words);
}

constexpr auto kSentinels = "redis+sentinel://:secret@10.0.1.1,10.0.1.2,10.0.1.3/main";

TEST_CASE("every address of a name is tried") {
  LinkRig rig(at("redis://redis.test"));
  rig.network.name("redis.test", {"10.0.0.1", "10.0.0.2"});
  rig.network.serve("10.0.0.2:6379");
  rig.start();
  CHECK(rig.story.take() == Texts{"up"});
}

TEST_CASE("a name without an address, and one that is never answered, are unresolved") {
  LinkRig rig(at("redis://redis.test"));
  rig.network.names_hang = GENERATE(false, true);
  rig.start();
  rig.network.pass(Duration(1'100));
  CHECK(rig.story.take() == Texts{"down unresolved"});
}

TEST_CASE("a connect that hangs is given up") {
  LinkRig rig;
  rig.network.serve("10.0.0.1:6379");
  rig.network.connects_hang = true;
  rig.start();
  rig.network.pass(Duration(900));
  CHECK(rig.story.told.empty());
  rig.network.pass(Duration(200));
  CHECK(rig.story.take() == Texts{"down timeout"});
  CHECK(rig.story.detail == "10.0.0.1:6379: no connection within 1000ms");
}

TEST_CASE("a server that is refused is told once, asked more and more seldom, and found when it comes") {
  LinkRig rig;
  rig.start();
  CHECK(rig.story.take() == Texts{"down refused"});
  rig.network.pass(Duration(1'000));
  CHECK(rig.network.connects >= 4);
  CHECK(rig.network.connects <= 10);
  rig.network.pass(Duration(60'000));
  CHECK(rig.network.connects <= 75);
  CHECK(rig.network.connects >= 30);
  CHECK(rig.story.told.empty());
  rig.network.serve("10.0.0.1:6379");
  rig.network.pass(Duration(2'100));
  CHECK(rig.story.take() == Texts{"up"});
}

TEST_CASE("a link that was up for long is back at once, one that comes and goes is not") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  rig.network.pass(Duration(5'000));
  redis.cut();
  rig.network.pass(Duration(120));
  CHECK(rig.story.take() == Texts{"down closed", "up"});
  for (int i = 0; i < 20; ++i) {
    redis.cut();
    rig.network.pass(Duration(500));
  }
  CHECK(redis.pipes.size() < 14);
}

TEST_CASE("what a server says while it is entered is told by its word") {
  const auto [command, answer, told] = GENERATE(table<std::string, std::string, std::string>({
      {"PING", "-NOAUTH Authentication required.\r\n", "down auth"},
      {"AUTH", "-WRONGPASS invalid username-password pair or user is disabled.\r\n", "down auth"},
      {"AUTH", "-ERR AUTH <password> called without any password configured\r\n", "down auth"},
      {"CLIENT", "-DENIED Redis is running in protected mode\r\n", "down auth"},
      {"PING", "-LOADING Redis is loading the dataset in memory\r\n", "down loading"},
      {"PING", "-MASTERDOWN Link with MASTER is down\r\n", "down read_only"},
      {"SELECT", "-ERR DB index is out of range\r\n", "down protocol"},
      {"SELECT", "-NOPERM this user has no permissions\r\n", "down auth"},
      {"ROLE", "*3\r\n$5\r\nslave\r\n$1\r\na\r\n:1\r\n", "down read_only"},
      {"ROLE", "*1\r\n$8\r\nsentinel\r\n", "down protocol"},
      {"ROLE", "+what?\r\n", "down protocol"},
      {"CLIENT", "-ERR unknown command\r\n", "up"},
      {"CLIENT", "-NOPERM this user has no permissions\r\n", "up"},
      {"ROLE", "-NOPERM this user has no permissions\r\n", "up"},
  }));
  INFO(command << " " << answer);
  LinkRig rig(at("redis://:secret@10.0.0.1/3"));
  rig.network.serve("10.0.0.1:6379").respond = [&, command = command, answer = answer](const Words& words) {
    return words[0] == command ? answer : MemoryRedis::master(words);
  };
  rig.start();
  CHECK(rig.story.take() == Texts{told});
}

TEST_CASE("an answer that says that the server is of no use makes the link come back") {
  const auto [answer, told] = GENERATE(table<std::string, Texts>({
      {"READONLY You can't write against a read only replica.", {"down read_only", "up"}},
      {"LOADING Redis is loading the dataset in memory", {"down loading", "up"}},
      {"MASTERDOWN Link with MASTER is down", {"down read_only", "up"}},
      {"NOAUTH Authentication required.", {"down auth", "up"}},
      {"OOM command not allowed when used memory > 'maxmemory'.", {}},
      {"MISCONF Redis is configured to save RDB snapshots", {}},
      {"ASK 3999 10.0.0.2:6379", {}},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", {}},
  }));
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.respond = [&, answer = answer](const Words& words) {
    return words[0] == "SET" ? "-" + answer + "\r\n" : MemoryRedis::master(words);
  };
  rig.send({"SET", "a", "b"});
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{answer});
  rig.network.pass(Duration(200));
  CHECK(rig.story.take() == told);
}

TEST_CASE("Sentinels are asked in turn, and the master that one names is entered") {
  LinkRig rig(at(kSentinels));
  rig.network.serve("10.0.1.2:26379").respond = names("");
  MemoryRedis& third = rig.network.serve("10.0.1.3:26379");
  third.respond = names("10.0.0.7");
  const MemoryRedis& master = rig.network.serve("10.0.0.7:6379");
  rig.start();
  CHECK(rig.story.take() == Texts{"up"});
  CHECK(third.heard.front() == Words{"SENTINEL", "get-master-addr-by-name", "main"});
  CHECK(master.heard.front() == Words{"AUTH", "secret"});
  CHECK(rig.link->peer() == "10.0.0.7:6379");
}

TEST_CASE("a failover is followed, through the Sentinel that knew last") {
  LinkRig rig(at(kSentinels));
  MemoryRedis& second = rig.network.serve("10.0.1.2:26379");
  second.respond = names("10.0.0.7");
  MemoryRedis& old_master = rig.network.serve("10.0.0.7:6379");
  rig.start();
  rig.network.pass(Duration(5'000));
  const int before = rig.network.connects;
  second.respond = names("10.0.0.8");
  rig.network.serve("10.0.0.8:6379");
  old_master.cut();
  rig.network.pass(Duration(120));
  CHECK(rig.story.take() == Texts{"up", "down closed", "up"});
  CHECK(rig.link->peer() == "10.0.0.8:6379");
  CHECK(rig.network.connects == before + 2);
}

TEST_CASE("a master that has become a replica is left, until a Sentinel names another one") {
  LinkRig rig(at(kSentinels));
  MemoryRedis& sentinel = rig.network.serve("10.0.1.1:26379");
  sentinel.respond = names("10.0.0.7");
  rig.network.serve("10.0.0.7:6379").respond = replica;
  rig.start();
  CHECK(rig.story.take() == Texts{"down no_master"});
  rig.network.serve("10.0.0.8:6379");
  sentinel.respond = names("10.0.0.8");
  rig.network.pass(Duration(300));
  CHECK(rig.story.take() == Texts{"up"});
}

TEST_CASE("that no master is known is told, also when a Sentinel is away") {
  LinkRig rig(at(kSentinels));
  rig.network.serve("10.0.1.1:26379").respond = names("");
  rig.start();
  CHECK(rig.story.take() == Texts{"down no_master"});
  CHECK(rig.story.detail.find("no master of the name \"main\"") != std::string::npos);
}

TEST_CASE("a Sentinel gets the password when it asks for one, and not before") {
  LinkRig rig(at(kSentinels));
  MemoryRedis& sentinel = rig.network.serve("10.0.1.1:26379");
  bool is_in = false;
  sentinel.respond = [&is_in](const Words& words) -> std::string {
    is_in = is_in || words == Words{"AUTH", "secret"};
    return !is_in ? "-NOAUTH Authentication required.\r\n"
                  : (words[0] == "AUTH" ? "+OK\r\n" : names("10.0.0.7")(words));
  };
  rig.network.serve("10.0.0.7:6379");
  rig.start();
  CHECK(rig.story.take() == Texts{"up"});
  CHECK(sentinel.heard.size() == 3);
}

TEST_CASE("nonsense from a Sentinel is a broken protocol") {
  LinkRig rig(at("redis+sentinel://10.0.1.1/main"));
  const auto* const answer = GENERATE("+OK\r\n", "*1\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
                                      "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "-ERR unknown command\r\n");
  rig.network.serve("10.0.1.1:26379").respond = [answer](const Words&) { return answer; };
  rig.start();
  CHECK(rig.story.take() == Texts{"down protocol"});
}

TEST_CASE("a link follows the keys to another node, and asks the first one when that is lost") {
  LinkRig rig;
  MemoryRedis& first = rig.start_up();
  const auto address = GENERATE(std::string("10.0.0.2:6380"), std::string(":6380"), std::string("::1:6380"));
  first.respond = [&](const Words& words) {
    return words[0] == "GET" ? "-MOVED 3999 " + address + "\r\n" : MemoryRedis::master(words);
  };
  const std::string there = address == ":6380"      ? "10.0.0.1:6380"
                            : address == "::1:6380" ? "[::1]:6380"
                                                    : address;
  MemoryRedis& second = rig.network.serve(there);
  rig.send({"GET", "a"});
  rig.network.pass(Duration(200));
  CHECK(rig.story.take() == Texts{"down moved", "up"});
  CHECK(rig.link->peer() == there);
  rig.network.pass(Duration(5'000));
  second.cut();
  rig.network.remove(there);
  rig.network.pass(Duration(500));
  CHECK(rig.story.take() == Texts{"down closed", "down refused", "up"});
  CHECK(rig.link->peer() == "10.0.0.1:6379");
}

TEST_CASE("two nodes that name each other are not asked without end") {
  LinkRig rig;
  MemoryRedis& first = rig.start_up();
  first.respond = [](const Words& words) {
    return words[0] == "GET" ? "-MOVED 1 10.0.0.2:6379\r\n" : MemoryRedis::master(words);
  };
  rig.network.serve("10.0.0.2:6379").respond = [](const Words& words) {
    return words[0] == "GET" ? "-MOVED 1 10.0.0.1:6379\r\n" : MemoryRedis::master(words);
  };
  for (int i = 0; i < 100; ++i) {
    rig.send({"GET", "a"});
    rig.network.pass(Duration(100));
  }
  CHECK(rig.network.connects < 20);
}

TEST_CASE("a subscriber hears its channels again after every reconnect, before it is up") {
  auto options = at("redis://10.0.0.1");
  options.channels = {"a", "b"};
  LinkRig rig(std::move(options));
  MemoryRedis& redis = rig.network.serve("10.0.0.1:6379");
  redis.respond = [&redis](const Words& words) {
    // As a server does: only so much is understood while subscribed, and PING is answered otherwise.
    const bool is_subscribed = redis.count("SUBSCRIBE") > 0;
    return words[0] == "PING" && is_subscribed ? array({"pong", ""}) : MemoryRedis::master(words);
  };
  rig.start();
  redis.say(array({"message", "a", "one"}) + array({"message", "b", std::string("\0\r\n", 3)}));
  rig.network.settle();
  CHECK(rig.story.take() == Texts{"up", "message a: one", std::string("message b: \0\r\n", 14)});
  rig.network.pass(Duration(3'000));
  CHECK(rig.story.told.empty());
  redis.heard.clear();
  redis.cut();
  rig.network.pass(Duration(200));
  CHECK(redis.count("SUBSCRIBE") == 2);
  CHECK(rig.story.take() == Texts{"down closed", "up"});
  rig.send({"GET", "a"});
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"[unavailable]"});
}

TEST_CASE("a message between two subscriptions does not disturb them") {
  auto options = at("redis://10.0.0.1");
  options.channels = {"a", "b"};
  LinkRig rig(std::move(options));
  rig.network.serve("10.0.0.1:6379").respond = [](const Words& words) {
    const std::string answer = MemoryRedis::master(words);
    return words == Words{"SUBSCRIBE", "a"} ? answer + array({"message", "a", "early"}) : answer;
  };
  rig.start();
  CHECK(rig.story.take() == Texts{"up"});
}

}  // namespace
}  // namespace limpet::sharing
