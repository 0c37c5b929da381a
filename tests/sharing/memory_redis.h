// A Redis, or a Sentinel, in memory, and the network it is reached through: no sockets, time by hand. What it
// answers is a function of the command; what it heard is kept.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sharing/name_lookup.h"
#include "sharing/redis_link.h"
#include "tests/simulation/memory_pipe.h"
#include "tests/support/catch.h"

namespace limpet::sharing::testing {

using Words = std::vector<std::string>;

inline std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

inline std::string array(const Words& texts) {
  std::string bytes = "*" + std::to_string(texts.size()) + "\r\n";
  for (const std::string& text : texts) {
    bytes += bulk(text);
  }
  return bytes;
}

// One server of the network.
struct MemoryRedis {
  // Empty = it stays silent. By default a master that knows ECHO.
  using Respond = std::function<std::string(const Words& words)>;

  Respond respond = [](const Words& words) { return master(words); };
  bool listens = true;
  std::vector<Words> heard;
  std::vector<test::PipePtr> pipes;  // the last is the newest

  static std::string master(const Words& words) {
    static const std::map<std::string, std::string> kAnswers{
        {"AUTH", "+OK\r\n"},   {"SELECT", "+OK\r\n"},
        {"CLIENT", "+OK\r\n"}, {"ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"},
        {"PING", "+PONG\r\n"},
    };
    if (words[0] == "ECHO") {
      return bulk(words[1]);
    }
    if (words[0] == "SUBSCRIBE") {
      return "*3\r\n" + bulk("subscribe") + bulk(words[1]) + ":1\r\n";
    }
    const auto known = kAnswers.find(words[0]);
    return known == kAnswers.end() ? "-ERR unknown command\r\n" : known->second;
  }

  [[nodiscard]] std::size_t open() const {
    return static_cast<std::size_t>(
        std::count_if(pipes.begin(), pipes.end(), [](const auto& pipe) { return !pipe->closed; }));
  }
  [[nodiscard]] std::size_t count(const std::string& command) const {
    return static_cast<std::size_t>(std::count_if(
        heard.begin(), heard.end(), [&command](const Words& words) { return words[0] == command; }));
  }
  void say(const std::string& bytes) const { pipes.back()->to_proxy += bytes; }
  void cut() const { pipes.back()->fin = true; }
};

class MemoryNetwork final : public net::Connector, public NameLookup {
 public:
  // A new server at "10.0.0.1:6379"; nobody listens elsewhere.
  MemoryRedis& serve(const std::string& address) { return servers_[address]; }
  void remove(const std::string& address) { servers_[address].listens = false; }
  void name(const std::string& host, const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) {
      names_[host].push_back(*IpAddress::parse(address));
    }
  }

  Result<net::Connecting> connect(const SocketAddress& address) override {
    ++connects;
    const auto server = servers_.find(address.to_string());
    if (server == servers_.end() || !server->second.listens) {
      return system_error(ECONNREFUSED, Side::Backend, "connect");
    }
    auto pipe = std::make_shared<test::MemoryPipe>();
    pipe->connected = !connects_hang;
    server->second.pipes.push_back(pipe);
    talks_.push_back(std::make_unique<Talk>(server->second, pipe));
    return net::Connecting{loop.open(pipe), true};
  }

  void look_up(const std::string& name, std::function<void(const net::Resolved&)> done) override {
    asked_names_.push_back({name, std::move(done)});
  }

  // Lets everything happen that needs no time.
  void settle() {
    do {
      REQUIRE(loop.settle());
    } while (answer_names() || answer_commands());
  }
  // One turn alone.
  void step() {
    loop.turn();
    answer_names();
    answer_commands();
  }
  void pass(Duration time) {
    constexpr Duration kStep{10};
    for (; time > Duration::zero(); time -= kStep) {
      REQUIRE(loop.advance(kStep));
      settle();
    }
  }

  test::ManualLoop loop;
  bool connects_hang = false;
  bool names_hang = false;
  int connects = 0;

 private:
  struct Talk {
    Talk(MemoryRedis& its_server, test::PipePtr its_pipe) : server(its_server), pipe(std::move(its_pipe)) {}
    MemoryRedis& server;
    test::PipePtr pipe;
    RespReader reader;
  };
  struct Question {
    std::string name;
    std::function<void(const net::Resolved&)> done;
  };

  bool answer_names() {
    if (names_hang) {
      return false;
    }
    const std::vector<Question> questions = std::exchange(asked_names_, {});
    for (const Question& question : questions) {
      const auto known = names_.find(question.name);
      question.done(known != names_.end()
                        ? net::Resolved(known->second)
                        : net::Resolved(Error{ErrorCode::NotFound, Side::Backend, "no such name"}));
    }
    return !questions.empty();
  }

  bool answer_commands() {
    bool answered = false;
    for (const auto& talk : talks_) {
      if (talk->pipe->closed || talk->pipe->from_proxy.empty()) {
        continue;
      }
      talk->reader.feed(std::exchange(talk->pipe->from_proxy, {}));
      for (auto next = talk->reader.next(); next.ok() && next->has_value(); next = talk->reader.next()) {
        Words words;
        for (const Reply& word : (*next)->elements) {
          words.push_back(word.text);
        }
        talk->server.heard.push_back(words);
        talk->pipe->to_proxy += talk->server.respond(words);
      }
      answered = true;
    }
    return answered;
  }

  std::map<std::string, MemoryRedis> servers_;
  std::map<std::string, std::vector<IpAddress>> names_;
  std::vector<std::unique_ptr<Talk>> talks_;
  std::vector<Question> asked_names_;
};

}  // namespace limpet::sharing::testing
