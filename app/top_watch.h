// TopWatch: looks at the admin endpoint for `limpet top`, on a thread of its own, so that keys are answered
// while the endpoint is not. One round of calls at a time, at most one a second, and fewer where the answers
// take long: the endpoint is never flooded. Created and destroyed by one thread, which may call all of it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/admin_command.h"
#include "console/top_view.h"
#include "net/fd.h"

namespace limpet::app {

// One round.
struct TopLook {
  console::TopAnswers answers;
  std::vector<console::Json> session_pages;
  double at = 0;  // seconds of the steady clock
};

// The calls of one round, one after the other. `reader` says where to go on.
[[nodiscard]] TopLook look_once(const AdminOptions& options, const console::TopReader& reader);
void take(console::TopReader& reader, const TopLook& look);

// Gives the order and says what came of it.
[[nodiscard]] std::string give_order(const AdminOptions& options, const console::TopOrder& order);

class TopWatch {
 public:
  explicit TopWatch(const AdminOptions& options);
  // Waits for the call that is under way.
  ~TopWatch();
  TopWatch(const TopWatch&) = delete;
  TopWatch& operator=(const TopWatch&) = delete;

  // Readable when something new can be taken.
  [[nodiscard]] int descriptor() const noexcept { return news_.get(); }
  // True when the model has changed; `note` is set to what came of an order.
  bool take_news(console::TopModel& model, std::string& note);

  void order(console::TopOrder order);
  void filter(std::string words);

 private:
  void run();
  void publish();

  const AdminOptions options_;
  net::Fd news_;  // an eventfd
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  bool is_leaving_ = false;
  std::vector<console::TopOrder> orders_;
  std::optional<std::string> words_;
  std::optional<console::TopModel> model_;
  std::string note_;
  // Of the thread alone.
  console::TopReader reader_;
  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace limpet::app
