// What the files of certificates become: what is kept, what is told of them, and when.
#include "app/certificates.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "admin/json.h"
#include "settings/load.h"
#include "tests/net/tls_pki.h"

using namespace limpet;
using namespace std::chrono_literals;
using app::Certificates;
using app::TlsContexts;
using app::TlsProblem;
using test::Pki;

namespace fs = std::filesystem;

namespace {

constexpr auto kDay = std::chrono::hours(24);
const std::string kSecond = "127.0.0.1:8444";
const std::pair<std::string, std::string> kBackend{"default", "b1"};

// Two listeners and a backend that speak TLS, each with files of its own.
struct Desk {
  Pki pki;
  net::TlsFiles one = pki.issue({.names = "DNS:one.test,DNS:uno.test"});
  net::TlsFiles two =
      pki.issue({.names = "DNS:two.test", .until_s = std::chrono::seconds(300 * kDay).count()});
  net::TlsFiles own = pki.issue({.names = "DNS:limpet.test"});
  Certificates certificates;

  [[nodiscard]] std::string text() const {
    const auto pair = [](const net::TlsFiles& files) {
      return "certificate: " + files.certificate + ", key: " + files.key;
    };
    return "listeners:\n"
           "  - {bind: 127.0.0.1:8443, tls: {certificates: [{" +
           pair(one) +
           "}]}}\n"
           "  - {bind: " +
           kSecond + ", tls: {certificates: [{" + pair(two) + "}], client_ca: " + pki.ca_file() +
           "}}\n"
           "backends:\n"
           "  - {name: b1, address: app.test:1, tls: {ca: " +
           pki.ca_file() + ", " + pair(own) + "}}\n";
  }
  [[nodiscard]] std::string path() const { return pki.path("limpet.yaml"); }
  [[nodiscard]] settings::LoadedFile file() const {
    std::ofstream(path()) << text();
    return std::get<settings::LoadedFile>(settings::load_file_with_places(path()));
  }
  TlsContexts load() {
    auto loaded = certificates.load(file().settings);
    REQUIRE(std::holds_alternative<TlsContexts>(loaded));
    return std::get<TlsContexts>(std::move(loaded));
  }
  std::vector<std::string> refused() {
    const auto loaded = certificates.load(file().settings);
    REQUIRE(std::holds_alternative<std::vector<TlsProblem>>(loaded));
    std::vector<std::string> shown;
    for (const auto& problem : problems_of(std::get<std::vector<TlsProblem>>(loaded), file().places)) {
      shown.push_back(problem.to_string());
    }
    return shown;
  }
  void reload() { certificates.commit(load()); }

  // What is told of a renewal, or of anything else that is new in the files alone.
  [[nodiscard]] std::vector<std::string> renewals(const TlsContexts& next,
                                                  std::vector<settings::Change> changes = {}) const {
    add_renewals(certificates.contexts(), next, changes);
    std::vector<std::string> keys;
    std::ranges::transform(changes, std::back_inserter(keys), &settings::Change::key);
    return keys;
  }
  [[nodiscard]] WallTime end_of_one() const {
    const auto& facts = certificates.contexts().listeners.at("127.0.0.1:8443")->certificates();
    return facts.front().not_after;
  }
  // The lines that are written at `now`.
  std::vector<admin::Json> warned(WallTime now) {
    const std::string path = pki.path("log");
    fs::remove(path);
    {
      auto log = Log::open({.level = LogLevel::Warning, .format = LogFormat::Json, .file = path});
      REQUIRE(log.ok());
      certificates.warn(**log, now);
    }
    std::vector<admin::Json> lines;
    std::ifstream written(path);
    for (std::string line; std::getline(written, line);) {
      lines.push_back(admin::Json::parse(line));
    }
    return lines;
  }
};

void let_others_read(const std::string& path, bool may) {
  fs::permissions(path, fs::perms::others_read, may ? fs::perm_options::add : fs::perm_options::remove);
}

void copy(const net::TlsFiles& from, const net::TlsFiles& to) {
  fs::permissions(to.key, fs::perms::owner_write, fs::perm_options::add);
  fs::copy_file(from.certificate, to.certificate, fs::copy_options::overwrite_existing);
  fs::copy_file(from.key, to.key, fs::copy_options::overwrite_existing);
}

}  // namespace

TEST_CASE("a certificate is warned about from 21 days before its end on, once a day") {
  Desk desk;
  desk.reload();
  const WallTime end = desk.end_of_one();
  CHECK(desk.warned(end - 21 * kDay).empty());
  desk.reload();
  const WallTime first = end - 21 * kDay + 1s;
  const auto lines = desk.warned(first);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["event"] == "certificate_ends");
  CHECK(lines[0]["level"] == "warning");
  CHECK(lines[0]["file"] == desk.one.certificate);
  CHECK(lines[0]["name"] == "one.test");
  CHECK(lines[0]["not_after"] == to_rfc3339(end));
  CHECK(lines[0]["days_left"] == 20);
  CHECK(desk.warned(first + 1s).empty());
  CHECK(desk.warned(first + kDay - 1s).empty());
  CHECK(desk.warned(first + kDay).front()["days_left"] == 19);
  CHECK(desk.warned(end + 1s).front()["days_left"] == -1);
}

TEST_CASE("a reload warns again without waiting for a day") {
  Desk desk;
  desk.reload();
  const WallTime now = desk.end_of_one() - kDay;
  CHECK(desk.warned(now).size() == 1);
  CHECK(desk.warned(now).empty());
  desk.reload();
  CHECK(desk.warned(now).size() == 1);
}

TEST_CASE("a key that others may read is warned about until it is closed") {
  Desk desk;
  let_others_read(desk.two.key, true);
  desk.reload();
  const WallTime now = desk.end_of_one() - 100 * kDay;
  const auto lines = desk.warned(now);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["event"] == "key_is_open");
  CHECK(lines[0]["file"] == desk.two.key);
  CHECK(desk.warned(now + kDay).size() == 1);
  let_others_read(desk.two.key, false);
  desk.reload();
  CHECK(desk.warned(now + kDay).empty());
}

TEST_CASE("warnings name the files as they are called now, though nothing in them has changed") {
  Desk desk;
  desk.reload();
  const WallTime now = desk.end_of_one() - kDay;
  const net::TlsFiles moved{desk.pki.path("moved.pem"), desk.pki.path("moved.key")};
  fs::rename(desk.one.certificate, moved.certificate);
  fs::rename(desk.one.key, moved.key);
  desk.one = moved;
  desk.reload();
  CHECK(desk.warned(now).front()["file"] == moved.certificate);
}

TEST_CASE("what is made from the same files is kept, and nothing else") {
  Desk desk;
  desk.reload();
  const TlsContexts before = desk.certificates.contexts();
  REQUIRE(before.listeners.size() == 2);
  const TlsContexts same = desk.load();
  CHECK(same.listeners == before.listeners);
  CHECK(same.backends == before.backends);
  CHECK(desk.renewals(same).empty());

  copy(desk.pki.issue({.names = "DNS:two.test"}), desk.two);
  const TlsContexts next = desk.load();
  CHECK(next.listeners.at("127.0.0.1:8443") == before.listeners.at("127.0.0.1:8443"));
  CHECK(next.listeners.at(kSecond) != before.listeners.at(kSecond));
  CHECK(next.backends == before.backends);
  CHECK(desk.certificates.contexts().listeners == before.listeners);  // until it is committed
  const std::string key = "listeners." + kSecond + ".tls";
  CHECK(desk.renewals(next) == std::vector{key});
  CHECK(desk.renewals(next, {{.key = key + ".client_ca"}}) == std::vector{key + ".client_ca"});

  copy(desk.pki.issue({.names = "DNS:limpet.test"}), desk.own);
  CHECK(desk.renewals(desk.load()) == std::vector<std::string>{key, "pools.default.backends.b1.tls"});
}

TEST_CASE("the authorities behind the same path are read again too") {
  Desk desk;
  desk.reload();
  const TlsContexts before = desk.certificates.contexts();
  const Pki other;
  fs::copy_file(other.ca_file(), desk.pki.ca_file(), fs::copy_options::overwrite_existing);
  const TlsContexts next = desk.load();
  CHECK(next.listeners.at("127.0.0.1:8443") == before.listeners.at("127.0.0.1:8443"));
  CHECK(next.listeners.at(kSecond) != before.listeners.at(kSecond));
  CHECK(next.backends.at(kBackend) != before.backends.at(kBackend));
}

TEST_CASE("a bad pair changes nothing, and every mistake is told at its place") {
  Desk desk;
  desk.reload();
  const TlsContexts before = desk.certificates.contexts();
  copy(desk.pki.issue({.names = "DNS:one.test"}), desk.one);  // good, and yet not taken without the others
  fs::remove(desk.two.key);
  fs::copy_file(desk.own.key, desk.two.key);
  fs::remove(desk.own.certificate);
  const auto problems = desk.refused();
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].starts_with(desk.path() + ":3:"));
  CHECK(problems[0].find("listeners[1].tls.certificates[0].key: " + desk.two.key + " is not the key") !=
        std::string::npos);
  CHECK(problems[1].starts_with(desk.path() + ":5:"));
  CHECK(problems[1].find("backends[0].tls.certificate: cannot open " + desk.own.certificate) !=
        std::string::npos);
  CHECK(desk.certificates.contexts().listeners == before.listeners);
  CHECK(desk.certificates.contexts().backends == before.backends);
}

TEST_CASE("a change at run time reads the files of the backend that comes, and no others") {
  Desk desk;
  desk.reload();
  const TlsContexts before = desk.certificates.contexts();
  const WallTime now = desk.end_of_one() - kDay;
  CHECK(desk.warned(now).size() == 1);
  const settings::Settings running = desk.file().settings;
  settings::Settings next = running;
  fs::remove(desk.one.key);
  fs::remove(desk.own.key);
  next.pools[0].backends[0].weight = 3;
  CHECK(desk.certificates.change_backends(running, next).empty());
  CHECK(desk.certificates.contexts().listeners == before.listeners);
  CHECK(desk.certificates.contexts().backends == before.backends);

  settings::Backend& added = next.pools[0].backends.emplace_back(running.pools[0].backends[0]);
  added.name = "b2";
  CHECK(desk.certificates.change_backends(running, next).front().key == "pools.default.backends[1].tls.key");
  CHECK(desk.certificates.contexts().backends == before.backends);
  added.tls->own = {};
  CHECK(desk.certificates.change_backends(running, next).empty());
  CHECK(desk.certificates.contexts().backends.size() == 2);
  CHECK(desk.certificates.contexts().backends.at(kBackend) == before.backends.at(kBackend));
  CHECK(desk.warned(now).empty());  // the day is not over
}

TEST_CASE("a backend that leaves keeps its TLS, a listener does not") {
  Desk desk;
  desk.reload();
  const TlsContexts before = desk.certificates.contexts();
  desk.certificates.commit({});
  CHECK(desk.certificates.contexts().backends == before.backends);
  CHECK(desk.certificates.contexts().listeners.empty());
}

TEST_CASE("people are told names and whole days, of failures only those that happened") {
  Desk desk;
  desk.reload();
  const WallTime end = desk.end_of_one();
  const auto infos =
      Certificates::infos(desk.certificates.contexts().listeners.at("127.0.0.1:8443"), end - 36h);
  REQUIRE(infos.size() == 1);
  CHECK(infos[0].names == std::vector<std::string>{"one.test", "uno.test"});
  CHECK(infos[0].not_after == end);
  CHECK(infos[0].days_left == 1);
  CHECK(Certificates::infos(nullptr, end).empty());

  net::TlsCounts counts;
  counts.handshakes = 3;
  counts.add(net::TlsFault::EarlyClose);
  counts.add(net::TlsFault::EarlyClose);
  const admin::TlsTotals totals = app::tls_totals(counts);
  CHECK(totals.handshakes == 3);
  CHECK(totals.failures == decltype(totals.failures){{"early_close", 2}});
}

TEST_CASE("listeners are told apart by address, and by place where the kernel chooses the port") {
  const auto speaking = [](const std::string& bind) {
    return settings::Listener{.bind = Endpoint::parse(bind).value(), .tls = settings::ListenerTls{}};
  };
  const std::vector listeners{speaking("127.0.0.1:8443"), speaking("127.0.0.1:0"), speaking("127.0.0.1:0"),
                              settings::Listener{.bind = Endpoint::parse("127.0.0.1:80").value()}};
  CHECK(app::listener_tls_key(listeners, 0) == "127.0.0.1:8443");
  CHECK(app::listener_tls_key(listeners, 1) == "127.0.0.1:0#1");
  CHECK(app::listener_tls_key(listeners, 2) == "127.0.0.1:0#2");
  CHECK(app::listener_tls_key(listeners, 3).empty());
}
