#include "app/server.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "admin/endpoint.h"
#include "app/admin_source.h"
#include "app/name_watch.h"
#include "app/pin_keeper.h"
#include "app/publisher.h"
#include "app/shared_state.h"
#include "app/succession.h"
#include "base/crypto.h"
#include "net/descriptors.h"
#include "net/listener.h"
#include "settings/places.h"
#include "settings/token_file.h"

namespace limpet::app {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(100);

std::uint32_t worker_count(const settings::Settings& settings) {
  return settings.workers != 0 ? settings.workers : std::max(1U, std::thread::hardware_concurrency());
}

// What the process opens for itself, a little generously, and room for the first clients.
std::uint64_t descriptors_needed(const settings::Settings& settings) {
  constexpr std::uint64_t kEachLoop = 8;
  constexpr std::uint64_t kOthers = 8;
  const std::uint64_t workers = worker_count(settings);
  return net::DescriptorBounds::least_limit(net::descriptors_in_use() + (workers + 1) * kEachLoop +
                                            workers * settings.listeners.size() + kOthers);
}

std::size_t table_size(const settings::Settings& settings) {
  std::size_t most = 0;
  for (const settings::Pool& pool : settings.pools) {
    most = std::max<std::size_t>(most, pool.affinity.max_entries);
  }
  return most;
}

}  // namespace

Server::Server(settings::Settings settings, Log& log, Origin origin, std::uint64_t descriptor_limit)
    : log_(log),
      configuration_(std::move(settings), std::move(origin.file), clock_.wall_now()),
      pins_(table_size(configuration_.running())),
      shared_{pins_, clock_, log_},
      monitor_(loop_, log_, crypto::random_seed()),
      left_(loop_, [this](proxy::WorkerLeft) { on_worker_left(); }),
      publish_letters_(loop_,
                       [this](PublishLetter) {
                         publish_is_due_ = false;
                         publish();
                       }),
      listeners_(loop_, worker_count(configuration_.running())),
      drains_({.loop = loop_, .clock = clock_, .log = log_, .workers = workers_, .snapshot = snapshot_}),
      started_(clock_.now()),
      descriptor_limit_(descriptor_limit) {
  succession_ = std::make_unique<Succession>(Succession::Parts{.server = *this, .log = log_, .clock = clock_},
                                             std::move(origin.launch));
  publisher_ = std::make_unique<Publisher>(Publisher::Parts{.loop = loop_,
                                                            .clock = clock_,
                                                            .workers = workers_,
                                                            .snapshot = snapshot_,
                                                            .configuration = configuration_});
}

Server::~Server() {
  end_workers();
  if (!succession_->owns_paths()) {
    listeners_.leave_files();
  } else if (admin_address_ && admin_address_->is_unix() && !admin_is_lent_) {
    ::unlink(admin_address_->path().c_str());
  }
}

Result<std::unique_ptr<Server>> Server::start(settings::Settings settings, Log& log, Origin origin) {
  // Every session takes two descriptors: use what the system allows.
  const std::uint64_t limit = net::raise_descriptor_limit();
  if (const std::uint64_t needed = descriptors_needed(settings); limit < needed) {
    Error error{
        ErrorCode::Unavailable, Side::Self,
        "only " + std::to_string(limit) + " open files are allowed and " + std::to_string(needed) +
            " are needed to serve anybody: raise the limit (ulimit -n, LimitNOFILE=) or lower workers"};
    origin.launch.fail(error.detail);
    return error;
  }
  std::unique_ptr<Server> server(new Server(std::move(settings), log, std::move(origin), limit));
  auto opened = server->open();
  if (!opened.ok()) {
    server->succession_->fail(opened.error().detail);
    return opened.error();
  }
  return server;
}

Result<bool> Server::open() {
  // First of all: whoever reads that limpet listens may send a signal at once.
  signals_ =
      std::make_unique<net::Signals>(loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGUSR1, SIGUSR2},
                                     [this](int number) { on_signal(number); });
  hangup_ = std::make_unique<net::BlockedSignal>(loop_, SIGHUP, [this] { on_hangup(); });
  auto keys = load_keys();
  if (!keys.ok()) {
    return keys.error();
  }
  Listeners::Plan plan = listeners_.plan(settings().listeners, settings::Places(), certificates().contexts(),
                                         &succession_->listeners_to_take());
  if (!plan.problems.empty()) {
    Listeners::discard(plan);
    return Error{ErrorCode::Unavailable, Side::Self, plan.problems.front().message};
  }
  listeners_.commit(plan);
  auto admin = open_admin();
  if (!admin.ok()) {
    return admin.error();
  }
  succession_->close_rest();
  names_ = std::make_unique<NameWatch>(loop_, log_,
                                       [this](const std::string& host, std::optional<IpAddress> address) {
                                         if (roster_.builder().set_address(host, address)) {
                                           publish_soon();
                                         }
                                       });
  monitor_.on_change([this](const healthcheck::HealthChange& change) { down_sessions_.on_change(change); });
  roster_.builder().set_workers(worker_count(settings()));
  snapshot_ = roster_.build(settings(), nullptr);
  restore_pins();
  if (auto taken_over = succession_->take_over(); !taken_over.ok()) {
    return taken_over;
  }
  if (settings().state.store == settings::Store::Redis) {
    auto shared = SharedState::start(*this, log_);
    if (!shared.ok()) {
      return shared.error();
    }
    shared_state_ = std::move(shared).value();
    shared_.desk = &shared_state_->desk();
  }
  start_workers(std::move(plan.changes));
  succession_->serving();
  publish();
  tick_ = std::make_unique<net::Timer>(loop_, kTick, [this] { on_tick(); });
  down_tick_ = std::make_unique<net::Timer>(loop_, DownSessions::kLookEvery,
                                            [this] { down_sessions_.look(loop_.now()); });
  tell_service_manager();
  return true;
}

Result<bool> Server::open_admin() {
  if (!settings().admin_bind) {
    return true;
  }
  auto token = settings().admin_token_file.empty() ? Result<std::string>(std::string())
                                                   : settings::read_token_file(settings().admin_token_file);
  if (!token.ok()) {
    return Error{token.error().code, Side::Self, token.error().detail + " (admin.token_file)"};
  }
  const SocketAddress address = *settings().admin_bind->literal();
  admin_is_lent_ = succession_->admin_to_take().is_lent(address);
  auto bound = succession_->open_admin(address);
  if (!bound.ok()) {
    return Error{bound.error().code, Side::Self, bound.error().detail + " (admin.bind)"};
  }
  admin_address_ = bound->address;
  admin_descriptor_ = bound->sockets.front().get();
  admin_source_ = std::make_unique<AdminSource>(*this);
  auto endpoint = admin::Endpoint::start(
      loop_, std::move(bound->sockets.front()),
      {.access = {.bound = bound->address, .token = std::move(token).value()}}, *admin_source_);
  if (!endpoint.ok()) {
    return endpoint.error();
  }
  admin_ = std::move(endpoint).value();
  return true;
}

void Server::start_workers(std::vector<proxy::ListenerChange> listeners) {
  for (proxy::ListenerChange& mine : listeners) {
    workers_.push_back(
        std::make_unique<proxy::Worker>(shared_, snapshot_, std::move(mine.opened), crypto::random_seed()));
  }
  // Everything that stays open is open now.
  shared_.descriptors = net::DescriptorBounds::of(descriptor_limit_, net::descriptors_in_use());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->start(left_, i);
  }
  for (const BoundListener& listener : listeners_.bound()) {
    log_.info(
        "listening",
        {{"address", listener.address.to_string()}, {"pool", listener.pool}, {"workers", workers_.size()}});
  }
  if (admin_address_) {
    log_.info("listening", {{"address", admin_address_->to_string()}, {"admin", true}});
  }
}

void Server::end_workers() {
  for (auto& worker : workers_) {
    worker->stop();
  }
  for (auto& worker : workers_) {
    worker->join();
  }
}

void Server::run() {
  loop_.run();
  end_workers();
  if (pin_keeper_ != nullptr) {
    pin_keeper_->save_now();
  }
  log_.info("stopped", {});
}

void Server::stop_after(Duration time) {
  end_ = std::make_unique<net::Timer>(loop_, time, [this] { stop(); });
}

void Server::stop() {
  on_signal(SIGTERM);
}

void Server::on_signal(int number) {
  if (number == SIGUSR1) {
    log_.reopen();
    return;
  }
  if (number == SIGUSR2) {
    succession_->begin_upgrade(nullptr);
    return;
  }
  // Who was replaced has its own, long time to leave: the first word shortens it.
  const bool is_first = !stopping_ || (succession_->was_replaced() && !is_hurried_);
  if (!is_first) {
    log_.info("stopping_at_once", {{"signal", number}});
    for (auto& worker : workers_) {
      worker->stop({});
    }
    loop_.stop();
    return;
  }
  is_hurried_ = true;
  succession_->on_stop();
  if (!succession_->was_replaced()) {
    service_manager_.stopping();
  }
  begin_stop(CloseReason::Shutdown, longest_grace());
}

// The admin endpoint answers until the last worker has left.
void Server::on_worker_left() {
  ++workers_left_;
  if (workers_left_ == workers_.size()) {
    loop_.stop();
  }
}

bool Server::is_stopping() const noexcept {
  return stopping_ || succession_->was_replaced();
}

Duration Server::longest_grace() const {
  Duration grace{};
  for (const settings::Pool& pool : settings().pools) {
    grace = std::max(grace, pool.drain.grace);
  }
  return grace;
}

void Server::begin_stop(CloseReason cause, Duration grace) {
  stopping_ = true;
  log_.info("stopping", {{"grace_s", static_cast<double>(grace.count()) / 1000.0}});
  for (auto& worker : workers_) {
    worker->stop_accepting();
  }
  drains().drain_all(snapshot_->pools, cause, told_by(grace));
  last_call_ = std::make_unique<net::Timer>(loop_, grace, [this] {
    for (auto& worker : workers_) {
      worker->stop();
    }
  });
}

}  // namespace limpet::app
