#include "app/worker_drains.h"

namespace limpet::app {

WorkerDrains::WorkerDrains(const Parts& parts)
    : parts_(parts),
      control_(parts.clock, parts.log, *this),
      answers_(parts.loop, [this](const proxy::SentAway& answer) { control_.on_answer(answer); }) {}

const affinity::PoolView* WorkerDrains::pool(affinity::PoolId id) const {
  return parts_.snapshot->pool(id);
}

void WorkerDrains::send_away(std::size_t worker, const proxy::SendAway& order) {
  proxy::SendAway letter = order;
  letter.reply_to = &answers_;
  parts_.workers[worker]->send_away(letter);
}

void WorkerDrains::cut(const proxy::CutBackend& order) {
  for (const auto& worker : parts_.workers) {
    worker->cut(order);
  }
}

void WorkerDrains::call_every(Duration time) {
  timer_ = time > Duration::zero()
               ? std::make_unique<net::Timer>(parts_.loop, time, [this] { control_.tick(); })
               : nullptr;
}

}  // namespace limpet::app
