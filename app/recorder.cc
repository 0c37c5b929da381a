#include "app/recorder.h"

#include <utility>

#include "app/server.h"
#include "app/totals.h"

namespace limpet::app {

Recorder::Recorder(Server& server)
    : server_(server),
      sample_timer_(server.loop(), admin::kSampleEvery, [this] { sample(); }),
      look_timer_(server.loop(), kLookEvery, [this] { look(); }) {}

void Recorder::sample() {
  using enum admin::Series;
  admin::Sample taken{.at = server_.shared().clock.wall_now()};
  taken[Sessions] = live_sessions(*server_.snapshot());
  taken[Connections] = total(server_, Counter::Connections);
  taken[Requests] = total(server_, Counter::Requests);
  taken[SessionsOpened] = total(server_, Counter::SessionsOpened);
  taken[SessionsEnded] = total(server_, Counter::SessionsEnded);
  taken[BackendAttemptsFailed] = total(server_, Counter::BackendAttemptsFailed);
  taken[Messages] = total_messages(server_);
  taken[Errors] = total_errors(server_);
  history_.samples.add(taken);
}

void Recorder::look() {
  const admin::EventWatch::Sight sight{.pools = server_.snapshot()->pools,
                                       .generation = server_.configuration().generation(),
                                       .now = server_.shared().clock.wall_now()};
  for (admin::Event& event : watch_.look(sight)) {
    history_.events.add(std::move(event));
  }
}

}  // namespace limpet::app
