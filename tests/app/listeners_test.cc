// What is bound and what the workers are told when the list of listeners changes.
#include "app/listeners.h"

#include <sys/socket.h>
#include <unistd.h>

#include "settings/load.h"
#include "tests/support/catch.h"

using namespace limpet;
using app::Listeners;

namespace {

settings::Listener at(const std::string& text, const std::string& pool = "default") {
  return {.bind = Endpoint::parse(text).value(), .pool = pool};
}

// Listeners of a program with two workers.
struct Desk {
  net::UvLoop loop;
  Listeners listeners{loop, 2};

  Listeners::Plan plan(const std::vector<settings::Listener>& list) {
    return listeners.plan(list, settings::Places("f"));
  }
  Listeners::Plan commit(const std::vector<settings::Listener>& list) {
    Listeners::Plan made = plan(list);
    REQUIRE(made.problems.empty());
    listeners.commit(made);
    return made;
  }
  [[nodiscard]] std::string address() const { return listeners.bound().front().address.to_string(); }
};

bool is_reached(const std::string& text) {
  const SocketAddress address = *Endpoint::parse(text).value().literal();
  const net::Fd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0;
}

}  // namespace

TEST_CASE("the same listeners are not touched, whatever their order") {
  Desk desk;
  desk.commit({at("127.0.0.1:0", "a"), at("127.0.0.1:0", "b")});
  const auto before = desk.listeners.bound();
  const auto plan = desk.commit({at("127.0.0.1:0", "b"), at("127.0.0.1:0", "a")});
  REQUIRE(plan.changes.size() == 2);
  for (const auto& change : plan.changes) {
    CHECK(change.opened.empty());
    CHECK(change.closed.empty());
    CHECK(change.changed.empty());
  }
  CHECK(desk.listeners.bound()[0].address == before[1].address);
  CHECK(desk.listeners.bound()[1].address == before[0].address);
}

TEST_CASE("a listener with another pool keeps its socket") {
  Desk desk;
  const auto opened = desk.commit({at("127.0.0.1:0", "a")});
  const std::string address = desk.address();
  const auto plan = desk.commit({at("127.0.0.1:0", "b")});
  CHECK(plan.opened.empty());
  REQUIRE(plan.changes[1].changed.size() == 1);
  CHECK(plan.changes[1].changed[0].rule.pool == "b");
  CHECK(plan.changes[1].changed[0].id == opened.changes[1].opened[0].id);
  CHECK(desk.address() == address);
}

TEST_CASE("a listener that asks for a PROXY header from now on keeps its socket") {
  Desk desk;
  auto listener = at("127.0.0.1:0", "a");
  desk.commit({listener});
  const std::string address = desk.address();
  listener.requires_proxy_header = true;
  const auto plan = desk.commit({listener});
  CHECK(plan.opened.empty());
  REQUIRE(plan.changes[1].changed.size() == 1);
  CHECK(plan.changes[1].changed[0].rule.requires_proxy_header);
  CHECK(plan.changes[1].changed[0].rule.address.to_string() == address);
}

TEST_CASE("everything that cannot be bound is told with its place, and nothing has changed") {
  Desk desk;
  const auto first = desk.commit({at("127.0.0.1:0")});
  Desk other;
  const auto theirs = other.commit({at("127.0.0.2:0"), at("127.0.0.3:0")});
  const auto bound = other.listeners.bound();
  settings::Places places("f");
  places.note("listeners[2].bind", {.line = 7, .column = 11});
  const auto plan = desk.listeners.plan(
      {at("127.0.0.1:0"), at(bound[0].address.to_string()), at(bound[1].address.to_string())}, places);
  REQUIRE(plan.problems.size() == 2);
  CHECK(plan.problems[0].key == "listeners[1].bind");
  CHECK(plan.problems[1].to_string().starts_with("f:7:11: listeners[2].bind: cannot listen on 127.0.0.3:"));
  CHECK(desk.listeners.bound().size() == 1);
  CHECK(is_reached(desk.address()));
}

TEST_CASE("an address that limpet has just given up can be taken again before its workers have closed it") {
  Desk desk;
  const auto first = desk.commit({at("127.0.0.1:0"), at("127.0.0.1:0")});
  const std::string given_up = desk.listeners.bound()[1].address.to_string();
  desk.commit({at("127.0.0.1:0")});
  CHECK(first.changes[0].opened.size() ==
        2);  // the sockets of the first plan still listen: no worker has closed
  const auto again = desk.commit({at("127.0.0.1:0"), at(given_up)});
  CHECK(desk.listeners.bound()[1].address.to_string() == given_up);
}

TEST_CASE("a wider and a narrower address of one port may follow each other") {
  Desk desk;
  const auto wide = desk.commit({at("0.0.0.0:0")});
  const std::string narrow = "127.0.0.1:" + std::to_string(desk.listeners.bound()[0].address.port());
  CHECK(desk.plan({at(narrow)}).problems.empty());
}

TEST_CASE("the file of a Unix socket goes with its listener, and with a plan that is given up") {
  std::string folder = "/tmp/limpet-listeners-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/a.sock";
  {
    Desk desk;
    desk.commit({at("127.0.0.1:0")});
    const auto given_up = desk.plan({at("127.0.0.1:0"), at("unix:" + path)});
    CHECK(::access(path.c_str(), F_OK) == 0);
    Listeners::discard(given_up);
    CHECK(::access(path.c_str(), F_OK) != 0);

    const auto opened = desk.commit({at("127.0.0.1:0"), at("unix:" + path)});
    CHECK(is_reached("unix:" + path));
    desk.commit({at("127.0.0.1:0")});
    CHECK(::access(path.c_str(), F_OK) != 0);
    const auto again = desk.commit({at("unix:" + path)});
    CHECK(is_reached("unix:" + path));
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
  ::rmdir(folder.c_str());
}

TEST_CASE("a plan that is given up leaves the files of sockets it was given") {
  std::string folder = "/tmp/limpet-listeners-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/a.sock";
  Desk before;
  const auto theirs = before.commit({at("unix:" + path)});
  app::InheritedSockets inherited;
  std::vector<net::Fd> copies;
  copies.emplace_back(::dup(before.listeners.held().front().descriptors.front()));
  inherited.add("unix:" + path, std::move(copies));
  Desk after;
  const auto given_up = after.listeners.plan({at("unix:" + path)}, settings::Places("f"), {}, &inherited);
  REQUIRE(given_up.opened.size() == 1);
  Listeners::discard(given_up);
  CHECK(::access(path.c_str(), F_OK) == 0);
  before.commit({at("127.0.0.1:0")});
  ::rmdir(folder.c_str());
}
