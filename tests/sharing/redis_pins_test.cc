// Pins behind a Redis that answers by the test's hand.
#include "sharing/redis_pins.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace limpet::sharing {
namespace {

using affinity::Key;
using affinity::KeyKind;
using affinity::PinReason;

constexpr affinity::PoolId kPool = 1;
constexpr Duration kTtl = std::chrono::hours(1);
const Key kAnn = Key::make(KeyKind::Header, "ann");

class RedisByHand final : public RedisPort {
 public:
  struct Command {
    std::vector<std::string> words;
    AnswerFn answer;
  };

  [[nodiscard]] bool is_open() const noexcept override { return open; }
  void send(std::span<const std::string_view> words, AnswerFn answer) override {
    commands.push_back({{words.begin(), words.end()}, std::move(answer)});
  }
  // Of the oldest that has no answer yet.
  [[nodiscard]] const std::string& word(std::size_t index) const { return commands.front().words.at(index); }
  void answer(const RedisAnswer& answer) {
    const Command command = std::move(commands.front());
    commands.pop_front();
    command.answer(answer);
  }
  void answer(const std::string& value) {
    answer(Reply{.kind = Reply::Kind::Text, .integer = 0, .text = value, .elements = {}});
  }

  bool open = true;
  std::deque<Command> commands;
};

// Where they stand in EVAL script 1 key value instead_of ttl channel change by_operator.
enum Word : std::size_t { kKey = 3, kValue = 4, kInsteadOf = 5, kChange = 8, kByOperator = 9 };

class OnePool final : public PoolDirectory {
 public:
  OnePool() {
    std::vector<backends::Backend> made;
    for (const char* name : {"a", "b"}) {
      backends::Backend backend;
      backend.id = static_cast<backends::BackendId>(made.size() + 1);
      backend.spec.name = name;
      backend.name_hash = made.size() + 1;
      backend.state = std::make_shared<backends::BackendState>();
      made.push_back(std::move(backend));
    }
    pool_.front().id = kPool;
    pool_.front().name = "chat";
    pool_.front().rule.ttl = kTtl;
    pool_.front().backends = backends::BackendSet(std::move(made));
  }
  [[nodiscard]] std::span<const affinity::PoolView> pools() const override { return pool_; }
  [[nodiscard]] const affinity::PoolView* pool_by_id(affinity::PoolId id) const override {
    return id == kPool ? &pool_.front() : nullptr;
  }
  [[nodiscard]] const affinity::PoolView* pool_by_name(std::string_view name) const override {
    return name == "chat" ? &pool_.front() : nullptr;
  }

 private:
  std::vector<affinity::PoolView> pool_{1};
};

struct Node final : PinAsker {
  void answer(PinAnswer answer) override { answers.push_back(answer); }

  net::UvLoop loop;
  RedisByHand redis;
  affinity::AffinityTable table{100};
  OnePool pools;
  RedisPins pins{{.loop = loop, .redis = redis, .table = table, .pools = pools},
                 "limpet",
                 std::chrono::milliseconds(50)};
  std::vector<PinAnswer> answers;

  void ask(backends::BackendId backend, backends::BackendId instead_of = 0) {
    pins.ask({.question = 7,
              .asker = this,
              .pool = kPool,
              .key = kAnn,
              .proposed = {.backend = backend, .reason = PinReason::Balance},
              .instead_of = instead_of,
              .ttl = kTtl});
    while (redis.commands.empty() && answers.empty()) {
      loop.turn();
    }
  }
  void hear(std::optional<SharedPin> pin) {
    pins.on_message("{limpet}:pins", write_change({.pool = "chat", .key = kAnn, .pin = std::move(pin)}));
  }
  [[nodiscard]] affinity::Pin pin() { return table.find(kPool, kAnn, loop.now()).value_or(affinity::Pin{}); }
  [[nodiscard]] bool is_settled() const { return answers.size() == 1 && answers.front().is_settled; }
};

TEST_CASE("a claim names key, backend and what gives way, and its answer is agreed on") {
  Node node;
  node.ask(1);
  CHECK(node.redis.word(kKey) == "{limpet}:pin:header:chat:ann");
  CHECK(node.redis.word(kValue) == "1|balance|0|a");
  CHECK(node.redis.word(kInsteadOf).empty());
  node.redis.answer("1|hash|0|b");
  CHECK(node.is_settled());
  CHECK(node.pin().backend == 2);
  CHECK(node.pin().reason == PinReason::Hash);
  CHECK(node.pin().agreed);
  node.answers.clear();
  node.ask(1, 2);
  CHECK(node.redis.word(kInsteadOf) == "b");
}

TEST_CASE("errors, late answers and garbage settle nothing") {
  Node node;
  node.ask(1);
  SECTION("an error") {
    node.redis.answer(Reply{.kind = Reply::Kind::Error, .integer = 0, .text = "OOM", .elements = {}});
  }
  SECTION("no answer") {
    node.redis.answer(Error{ErrorCode::Timeout, Side::Self, "late"});
  }
  SECTION("garbage") {
    node.redis.answer("1|balance|0|");
  }
  REQUIRE(node.answers.size() == 1);
  CHECK_FALSE(node.answers.front().is_settled);
  CHECK(node.pin().backend == 0);
  CHECK(node.pins.counts().failed == 1);
}

TEST_CASE("while the Redis is away the answer is that there is none") {
  Node node;
  node.redis.open = false;
  node.ask(1);
  REQUIRE(node.answers.size() == 1);
  CHECK_FALSE(node.answers.front().is_settled);
  CHECK(node.redis.commands.empty());
}

TEST_CASE("a backend that is not known here gives way") {
  Node node;
  node.ask(1);
  node.redis.answer("1|balance|0|gone");
  REQUIRE(node.redis.commands.size() == 1);
  CHECK(node.redis.word(kInsteadOf) == "gone");
  node.redis.answer("1|balance|0|a");
  CHECK(node.is_settled());
}

TEST_CASE("an answer that another node's change has overtaken is asked for again") {
  Node node;
  node.ask(1);
  node.hear(SharedPin{"b", PinReason::Failover});
  node.redis.answer("1|balance|0|a");
  REQUIRE(node.redis.commands.size() == 1);
  CHECK(node.answers.empty());
  node.redis.answer("1|failover|0|b");
  CHECK(node.is_settled());
  CHECK(node.pin().backend == 2);
}

TEST_CASE("what a node hears of its own move does not overtake the answer") {
  Node node;
  node.ask(2, 1);
  node.hear(SharedPin{"b", PinReason::Balance});
  node.redis.answer("1|balance|0|b");
  CHECK(node.is_settled());
  CHECK(node.redis.commands.empty());
}

TEST_CASE("a change is followed where the key is known, and nowhere else") {
  Node node;
  node.hear(SharedPin{"b", PinReason::Moved, true});
  CHECK(node.pin().backend == 0);
  node.table.agree(kPool, kAnn, {.backend = 1}, kTtl, node.loop.now());
  node.hear(SharedPin{"b", PinReason::Moved, true});
  CHECK(node.pin().backend == 2);
  CHECK(node.pin().by_hand);
  CHECK(node.pin().agreed);
  node.hear(std::nullopt);
  CHECK(node.pin().backend == 0);
  CHECK(node.pins.counts().changes == 2);
}

TEST_CASE("a move to a backend that is not known here forgets the pin") {
  Node node;
  node.table.agree(kPool, kAnn, {.backend = 1}, kTtl, node.loop.now());
  node.hear(SharedPin{"elsewhere", PinReason::Failover});
  CHECK(node.pin().backend == 0);
}

TEST_CASE(
    "when messages may have been missed no pin is agreed on any more, and those there are are claimed "
    "again") {
  Node node;
  node.table.agree(kPool, kAnn, {.backend = 1, .reason = PinReason::Hash}, kTtl, node.loop.now());
  node.redis.open = false;
  node.pins.on_closed();
  CHECK_FALSE(node.pin().agreed);
  node.redis.open = true;
  node.pins.on_open();
  while (node.redis.commands.empty()) {
    node.loop.turn();
  }
  CHECK(node.redis.word(kValue) == "1|hash|0|a");
  node.redis.answer("1|hash|0|b");
  CHECK(node.pin().backend == 2);
  CHECK(node.pin().agreed);
}

TEST_CASE("an operator's word stands above what was agreed, also when it could not be told at once") {
  Node node;
  node.redis.open = GENERATE(true, false);
  node.pins.tell_set(*node.pools.pool_by_id(kPool), kAnn, "b");
  if (!node.redis.open) {
    CHECK(node.redis.commands.empty());
    node.redis.open = true;
    node.pins.on_open();
  }
  REQUIRE(node.redis.commands.size() == 1);
  CHECK(node.redis.word(kByOperator) == "1");
  CHECK(node.redis.word(kValue) == "1|moved|1|b");
  const auto change = read_change(node.redis.word(kChange));
  REQUIRE(change);
  CHECK(change->pin == SharedPin{"b", PinReason::Moved, true});
}

TEST_CASE("messages that say nothing are counted and change nothing") {
  Node node;
  node.pins.on_message("{limpet}:pins", "1|set|header|chat|nonsense|ann");
  node.pins.on_message("{limpet}:pins", "");
  node.pins.on_message("{limpet}:load", "");
  CHECK(node.pins.counts().garbage == 2);
}

}  // namespace
}  // namespace limpet::sharing
