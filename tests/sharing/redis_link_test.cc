#include "sharing/redis_link.h"

#include "tests/sharing/link_rig.h"

namespace limpet::sharing {
namespace {

using testing::at;
using testing::LinkRig;
using testing::MemoryRedis;
using testing::Words;
using Texts = std::vector<std::string>;

TEST_CASE("a link enters, selects, names itself, asks for the role, and is up") {
  LinkRig rig(at("redis://limpet:secret@10.0.0.1/3"));
  const MemoryRedis& redis = rig.start_up();
  CHECK(redis.heard == std::vector<Words>{{"AUTH", "limpet", "secret"},
                                          {"SELECT", "3"},
                                          {"CLIENT", "SETNAME", "limpet"},
                                          {"ROLE"},
                                          {"PING"}});
  CHECK(rig.link->is_up());
  CHECK(rig.link->peer() == "10.0.0.1:6379");
}

TEST_CASE("nothing is told from inside start()") {
  LinkRig rig;
  rig.link->start();
  CHECK(rig.story.told.empty());
  rig.network.settle();
  CHECK(rig.story.take() == Texts{"down refused"});
}

TEST_CASE("answers come in the order of the commands") {
  LinkRig rig;
  rig.start_up();
  rig.send({"ECHO", "a"});
  rig.send({"NONSENSE"});
  rig.send({"ECHO", "b"});
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"a", "ERR unknown command", "b"});
  CHECK(rig.link->counts().answered == 3);
}

TEST_CASE("the commands of one turn leave in one write") {
  LinkRig rig;
  rig.start_up();
  const std::uint64_t before = rig.network.loop.calls();
  for (int i = 0; i < 1000; ++i) {
    rig.send({"ECHO", "a"});
  }
  REQUIRE(rig.network.loop.settle());
  CHECK(rig.network.loop.calls() == before + 1);
}

TEST_CASE("answers that are cut anywhere are the same") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.pipes.back()->most_a_read = 1;
  rig.send({"ECHO", "some text"});
  rig.send({"ECHO", ""});
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"some text", ""});
}

TEST_CASE("a command that is sent while the link is down fails at the end of the turn") {
  LinkRig rig;
  rig.send({"ECHO", "a"});
  CHECK(rig.answers.empty());
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"[unavailable]"});
}

TEST_CASE("commands without an answer are told when the link is lost, before it is") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.respond = [](const Words&) { return ""; };
  rig.send({"ECHO", "a"});
  rig.send({"ECHO", "b"});
  rig.network.settle();
  redis.cut();
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"[reset]", "[reset]"});
  CHECK(rig.story.take() == Texts{"down closed"});
  CHECK(rig.link->counts().lost == 2);
}

TEST_CASE("an answer that is late is told so, and does not answer the next command") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.respond = [](const Words&) { return ""; };
  rig.send({"ECHO", "slow"});
  rig.network.pass(Duration(40));
  CHECK(rig.answers.empty());
  rig.network.pass(Duration(60));
  CHECK(rig.take_answers() == Texts{"[timeout]"});
  rig.send({"ECHO", "next"});
  rig.network.settle();
  redis.say("+late\r\n+next\r\n");
  rig.network.settle();
  CHECK(rig.take_answers() == Texts{"next"});
  CHECK(rig.link->counts().late == 1);
  CHECK(rig.story.told.empty());
}

TEST_CASE("an idle server is asked whether it is there, and one that answers is kept") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  rig.network.pass(Duration(10'000));
  CHECK(redis.count("PING") >= 9);
  CHECK(redis.count("PING") <= 12);
  CHECK(rig.story.told.empty());
}

TEST_CASE("a silent partition is seen while the link is idle") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.respond = [](const Words&) { return ""; };
  rig.network.pass(Duration(2'200));
  CHECK(rig.story.take() == Texts{"down timeout"});
  CHECK(rig.story.detail == "nothing was heard for 1000ms");
}

TEST_CASE("a slow server that answers now and then is kept") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.respond = [](const Words&) { return ""; };
  for (int i = 0; i < 10; ++i) {
    rig.send({"ECHO", "a"});
    rig.network.pass(Duration(900));
    redis.say("+slow\r\n");
  }
  CHECK(rig.story.told.empty());
  CHECK(rig.link->counts().late == 10);
}

TEST_CASE("more than is bounded is refused, in commands and in bytes") {
  auto options = at("redis://10.0.0.1");
  options.most_outstanding = 2;
  options.most_unsent_bytes = 1000;
  LinkRig rig(std::move(options));
  MemoryRedis& redis = rig.start_up();
  redis.respond = [](const Words&) { return ""; };
  SECTION("commands") {
    rig.send({"ECHO", "a"});
    rig.send({"ECHO", "b"});
    rig.send({"ECHO", "c"});
  }
  SECTION("bytes") {
    redis.pipes.back()->room = 0;
    rig.send({"ECHO", std::string(800, 'a')});
    rig.send({"ECHO", std::string(200, 'b')});
  }
  REQUIRE(rig.network.loop.settle());
  CHECK(rig.take_answers() == Texts{"[unavailable]"});
  CHECK(rig.link->counts().refused == 1);
}

TEST_CASE("a server that takes bytes slowly gets every command whole") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  redis.pipes.back()->room = 10;
  const std::string large(100'000, 'x');
  rig.send({"ECHO", large});
  for (int i = 0; i < 50; ++i) {
    rig.network.settle();
    rig.send({"ECHO", "small"});
    redis.pipes.back()->room = 10'000;
    rig.network.settle();
  }
  CHECK(rig.answers.size() == 51);
  CHECK(rig.answers.front() == large);
}

TEST_CASE("garbage, and an answer that nobody has asked for, end the connection") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  const auto* const bytes = GENERATE("HTTP/1.1 400 Bad Request\r\n", "+unasked\r\n", "*9999999\r\n");
  redis.say(bytes);
  rig.network.settle();
  CHECK(rig.story.take() == Texts{"down protocol"});
  rig.network.pass(Duration(100));
  CHECK(rig.story.take() == Texts{"up"});
  CHECK(redis.open() == 1);
}

TEST_CASE("a link that is stopped tells nothing more and leaves nothing open") {
  LinkRig rig;
  MemoryRedis& redis = rig.start_up();
  rig.send({"ECHO", "a"});
  rig.link->stop();
  rig.send({"ECHO", "b"});
  rig.network.pass(Duration(5'000));
  CHECK(rig.answers.empty());
  CHECK(rig.story.told.empty());
  CHECK(redis.open() == 0);
}

TEST_CASE("an answer may stop the link, and send again") {
  LinkRig rig;
  rig.start_up();
  std::string second;
  const std::vector<std::string_view> words{"ECHO", "a"};
  rig.link->send(words, [&](const RedisAnswer&) {
    rig.link->send(words, [&](const RedisAnswer& answer) {
      second = testing::as_text(answer);
      rig.link->stop();
    });
  });
  rig.send({"ECHO", "b"});
  rig.network.settle();
  CHECK(second == "a");
  CHECK(rig.answers == Texts{"b"});
}

TEST_CASE("a link may be ended at any moment of its opening") {
  const int turns = GENERATE(range(0, 12));
  LinkRig rig(at("redis://redis.test"));
  rig.network.name("redis.test", {"10.0.0.1"});
  MemoryRedis& redis = rig.network.serve("10.0.0.1:6379");
  rig.link->start();
  for (int i = 0; i < turns; ++i) {
    rig.network.step();
  }
  rig.link.reset();
  rig.network.settle();
  CHECK(redis.open() == 0);
  CHECK(rig.network.loop.chunks().out() == 0);
}

}  // namespace
}  // namespace limpet::sharing
