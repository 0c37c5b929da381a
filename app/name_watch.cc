#include "app/name_watch.h"

#include <algorithm>

#include "net/resolver.h"

namespace limpet::app {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(500);
constexpr Duration kAgainWhenFailed = std::chrono::seconds(2);
constexpr Duration kAgainWhenResolved = std::chrono::seconds(30);

}  // namespace

struct NameWatch::State : std::enable_shared_from_this<State> {
  State(net::UvLoop& the_loop, Log& the_log, OnAnswer callback)
      : loop(the_loop), log(the_log), on_answer(std::move(callback)) {}

  net::UvLoop& loop;
  Log& log;
  OnAnswer on_answer;
  std::map<std::string, Name> names;
  std::map<std::string, IpAddress> last;

  void ask_what_is_due() {
    for (auto& [host, name] : names) {
      if (!name.asking && name.next <= loop.now()) {
        name.asking = true;
        net::resolve(loop, host, [self = weak_from_this(), host = host](const net::Resolved& resolved) {
          if (const auto state = self.lock()) {
            state->on_resolved(host, resolved);
          }
        });
      }
    }
  }

  void on_resolved(const std::string& host, const net::Resolved& resolved) {
    const auto found = names.find(host);
    if (found == names.end()) {
      return;
    }
    Name& name = found->second;
    name.asking = false;
    const bool ok = resolved.ok() && !resolved->empty();
    name.next = loop.now() + (ok ? kAgainWhenResolved : kAgainWhenFailed);
    if (!ok) {
      report_failure(host, name, resolved);
      return;
    }
    name.reported = false;
    on_answer(host, choose(host, *resolved));
  }

  // The address in use is kept while it is among the answers: round-robin answers must not move backends
  // about.
  IpAddress choose(const std::string& host, const std::vector<IpAddress>& answers) {
    const auto used = last.find(host);
    if (used != last.end() && std::find(answers.begin(), answers.end(), used->second) != answers.end()) {
      return used->second;
    }
    // IPv4 first: it sorts behind IPv6 (::ffff:...) only by its bytes, and local servers often listen on it
    // alone.
    const auto v4 =
        std::find_if(answers.begin(), answers.end(), [](const IpAddress& ip) { return ip.is_v4(); });
    return last[host] = v4 != answers.end() ? *v4 : answers.front();
  }

  // The last good address stays in use while a resolver is away.
  void report_failure(const std::string& host, Name& name, const net::Resolved& resolved) {
    if (!name.reported) {
      name.reported = true;
      log.warning("name_unresolved",
                  {{"host", host}, {"detail", resolved.ok() ? "no address" : resolved.error().detail}});
    }
    if (last.count(host) == 0) {
      on_answer(host, std::nullopt);
    }
  }
};

NameWatch::NameWatch(net::UvLoop& loop, Log& log, OnAnswer on_answer)
    : state_(std::make_shared<State>(loop, log, std::move(on_answer))),
      timer_(loop, kLook, [this] { state_->ask_what_is_due(); }) {}

NameWatch::~NameWatch() = default;

void NameWatch::watch(const std::set<std::string>& hosts) {
  auto& names = state_->names;
  std::erase_if(state_->last, [&](const auto& entry) { return hosts.count(entry.first) == 0; });
  for (auto entry = names.begin(); entry != names.end();) {
    entry = hosts.count(entry->first) == 0 ? names.erase(entry) : std::next(entry);
  }
  for (const std::string& host : hosts) {
    names.try_emplace(host);
  }
  state_->ask_what_is_due();
}

}  // namespace limpet::app
