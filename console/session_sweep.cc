#include "console/session_sweep.h"

#include <algorithm>
#include <set>
#include <utility>

#include "console/text.h"

namespace limpet::console {

namespace {

constexpr std::array kOrders{SessionOrder::Bytes, SessionOrder::Age, SessionOrder::Queue};
static_assert(kOrders.size() == static_cast<std::size_t>(SessionOrder::kCount));

TopSession session_of(const Json& row) {
  const auto both = [&row](const std::string& what) {
    return number(row, what + "_from_client") + number(row, what + "_from_backend");
  };
  const Json& id = field(row, "id");
  return {.id = id.is_number_integer() ? id.get<std::uint64_t>() : 0,
          .client = printable(text(row, "client")),
          .backend = printable(text(row, "backend")),
          .pool = printable(text(row, "pool")),
          .key = printable(text(row, "key")),
          .age_s = number(row, "age_s"),
          .idle_s = number(row, "idle_s"),
          .messages = both("messages"),
          .bytes = both("bytes"),
          .queued = number(row, "queued_bytes")};
}

bool has_words(const TopSession& session, const std::string& words) {
  return (session.client + " " + session.backend + " " + session.pool + " " + session.key).find(words) !=
         std::string::npos;
}

// Those that are among the worst of one order or another.
void keep_worst(std::vector<TopSession>& sessions) {
  if (sessions.size() <= SessionSweep::kKept) {
    return;
  }
  std::set<std::uint64_t> kept;
  for (const SessionOrder order : kOrders) {
    const auto middle = sessions.begin() + SessionSweep::kKept;
    std::nth_element(sessions.begin(), middle, sessions.end(),
                     [order](const auto& a, const auto& b) { return badness(a, order) > badness(b, order); });
    std::for_each(sessions.begin(), middle, [&kept](const TopSession& one) { kept.insert(one.id); });
  }
  std::erase_if(sessions, [&kept](const TopSession& one) { return !kept.contains(one.id); });
}

}  // namespace

std::string_view word(SessionOrder order) noexcept {
  constexpr std::array<std::string_view, kOrders.size()> kWords{"bytes", "age", "queue"};
  return kWords[static_cast<std::size_t>(order)];
}

double badness(const TopSession& session, SessionOrder order) noexcept {
  switch (order) {
    case SessionOrder::Bytes:
      return session.bytes;
    case SessionOrder::Age:
      return session.age_s;
    case SessionOrder::Queue:
    case SessionOrder::kCount:
      break;
  }
  return session.queued;
}

void SessionSweep::add(const Json& page) {
  const Json& rows = list(page, "sessions");
  counted_ += rows.size();
  for (const Json& row : rows) {
    TopSession session = session_of(row);
    if (has_words(session, words_)) {
      now_.push_back(std::move(session));
    }
  }
  keep_worst(now_);
  cursor_ = text(page, "next");
  looked_at_ = counted_;
  if (cursor_.empty()) {
    before_ = std::exchange(now_, {});
    counted_ = 0;
  }
}

void SessionSweep::filter(std::string words) {
  *this = SessionSweep();
  words_ = std::move(words);
}

std::vector<TopSession> SessionSweep::worst() const {
  std::vector<TopSession> all = now_;
  std::set<std::uint64_t> known;
  for (const TopSession& session : now_) {
    known.insert(session.id);
  }
  std::ranges::copy_if(before_, std::back_inserter(all),
                       [&known](const TopSession& session) { return !known.contains(session.id); });
  return all;
}

}  // namespace limpet::console
