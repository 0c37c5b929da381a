#include "app/top_watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/percent.h"

namespace limpet::app {

namespace {

using console::Json;

constexpr Duration kEvery = std::chrono::seconds(1);
constexpr Duration kSeldom = std::chrono::seconds(5);
// A round may take a fifth of the time.
constexpr int kRests = 4;
// Short: while a call is awaited, limpet top cannot end.
constexpr Duration kTopPatience = std::chrono::seconds(2);
constexpr int kPages = 4;
constexpr const char* kPageLimit = "500";

double now_in_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The first problem stays.
Json get(const AdminOptions& options, std::string target, std::string& problem) {
  if (!problem.empty()) {
    return nullptr;
  }
  Fetched fetched = fetch(options, {.target = std::move(target), .patience = kTopPatience});
  problem = std::move(fetched.problem);
  return problem.empty() ? std::move(fetched.json) : Json(nullptr);
}

}  // namespace

TopLook look_once(const AdminOptions& options, const console::TopReader& reader) {
  TopLook look;
  std::string& problem = look.answers.problem;
  look.answers.status = get(options, "/v1/status", problem);
  look.answers.backends = get(options, "/v1/backends", problem);
  look.at = now_in_seconds();
  look.answers.events = get(options, "/v1/events?since=" + std::to_string(reader.last_event()), problem);
  std::string cursor = reader.session_cursor();
  for (int page = 0; page < kPages && problem.empty(); ++page) {
    std::string target = "/v1/sessions";
    add_parameter(target, "limit", kPageLimit);
    add_parameter(target, "cursor", cursor);
    Json answer = get(options, target, problem);
    cursor = console::text(answer, "next");
    look.session_pages.push_back(std::move(answer));
    if (cursor.empty()) {
      break;  // all have been seen: the next round begins anew
    }
  }
  return look;
}

void take(console::TopReader& reader, const TopLook& look) {
  reader.take(look.answers, look.at);
  for (const Json& page : look.session_pages) {
    reader.take_sessions(page);
  }
}

std::string give_order(const AdminOptions& options, const console::TopOrder& order) {
  const std::string verb(word(order.verb));
  AdminCall call{.method = "POST",
                 .target = "/v1/backends/" + percent_encode(order.whom.name) + "/" + verb,
                 .patience = kTopPatience};
  add_parameter(call.target, "pool", order.whom.pool);
  const Fetched fetched = fetch(options, call);
  return fetched.problem.empty() ? order.whom.name + ": " + verb + " is done"
                                 : "limpet did not " + verb + " " + order.whom.name + ": " + fetched.problem;
}

TopWatch::TopWatch(const AdminOptions& options)
    : options_(options), news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { run(); }) {}

TopWatch::~TopWatch() {
  {
    const std::scoped_lock lock(mutex_);
    is_leaving_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void TopWatch::order(console::TopOrder order) {
  {
    const std::scoped_lock lock(mutex_);
    orders_.push_back(std::move(order));
  }
  wake_.notify_one();
}

void TopWatch::filter(std::string words) {
  // Counts from the next round on: who types a word need not be answered at each letter.
  const std::scoped_lock lock(mutex_);
  words_ = std::move(words);
}

bool TopWatch::take_news(console::TopModel& model, std::string& note) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(news_.get(), &count, sizeof(count));
  const std::scoped_lock lock(mutex_);
  if (!note_.empty()) {
    note = std::exchange(note_, {});
  }
  if (model_) {
    model = *std::exchange(model_, std::nullopt);
  }
  return count > 0;
}

// One after the other: orders, a round, and a rest that an order ends.
void TopWatch::run() {
  std::unique_lock lock(mutex_);
  while (!is_leaving_) {
    const auto began = std::chrono::steady_clock::now();
    const auto orders = std::exchange(orders_, {});
    if (const auto words = std::exchange(words_, std::nullopt)) {
      reader_.filter_sessions(*words);
    }
    lock.unlock();
    std::string note;
    for (const console::TopOrder& one : orders) {
      note = give_order(options_, one);
    }
    take(reader_, look_once(options_, reader_));
    lock.lock();
    note_ = note.empty() ? note_ : std::move(note);
    model_ = reader_.model();
    publish();
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
    const Duration rest = std::clamp(took * kRests, kEvery - std::min(took, kEvery), kSeldom);
    wake_.wait_for(lock, rest, [this] { return is_leaving_ || !orders_.empty(); });
  }
}

void TopWatch::publish() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t sent = ::write(news_.get(), &one, sizeof(one));
}

}  // namespace limpet::app
