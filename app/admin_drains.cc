#include "app/admin_drains.h"

#include "settings/limit_kinds.h"

namespace limpet::app {

namespace {

using admin::OrRefusal;
using admin::Refusal;
using backends::Mode;

constexpr std::string_view kAuthor = "api";
constexpr auto kRelaxed = std::memory_order_relaxed;
// As much as a configuration takes: limits.sessions has this bound too.
constexpr std::uint32_t kHighestRate = 10'000'000;

OrRefusal<DrainOrder> drain_order(const admin::ModeOrder& order) {
  DrainOrder drain{.cause = CloseReason::Drained, .close = order.close, .author = kAuthor};
  if (order.rate.empty()) {
    return drain;
  }
  const auto kind = settings::rate_up_to(kHighestRate);
  drain.rate = kind.parse(order.rate);
  if (!drain.rate) {
    return Refusal{400, "rate", "rate: expected " + kind.expects + ", not \"" + order.rate + "\""};
  }
  return drain;
}

// Everybody is gone when the grace time is over.
DrainOrder disable_order(Duration grace) {
  return {
      .cause = CloseReason::BackendDisabled, .within = told_by(grace), .cut_after = grace, .author = kAuthor};
}

void enable(const ModeContext& context, const LocatedBackend& located) {
  backends::BackendState& state = *located.backend->state;
  if (state.mode.load(kRelaxed) == Mode::Enabled) {
    return;  // what drains then does so for another cause than an operator's word
  }
  context.drains.stop(located.backend->id);
  state.mode.store(Mode::Enabled, kRelaxed);
  context.log.info("enable", {{"backend", located.backend->spec.name},
                              {"pool", located.pool->name},
                              {"author", kAuthor},
                              {"sessions", state.sessions.load(kRelaxed)}});
}

}  // namespace

OrRefusal<LocatedBackend> set_mode(const ModeContext& context, const admin::BackendChoice& choice,
                                   const admin::ModeOrder& order) {
  const auto found = locate(context.snapshot, choice);
  if (std::holds_alternative<Refusal>(found)) {
    return found;
  }
  const auto& located = std::get<LocatedBackend>(found);
  const auto drain =
      order.mode == Mode::Disabled ? disable_order(located.pool->drain.grace) : drain_order(order);
  if (const auto* const refusal = std::get_if<Refusal>(&drain)) {
    return *refusal;
  }
  if (located.backend->is_leaving) {
    return leaves_with_its_last_session();
  }
  if (order.mode == Mode::Enabled) {
    enable(context, located);
    return located;
  }
  located.backend->state->mode.store(order.mode, kRelaxed);  // first: it is no survivor of its own drain
  context.drains.start(*located.pool, *located.backend, std::get<DrainOrder>(drain));
  return located;
}

std::optional<admin::DrainInfo> drain_info(const DrainControl& drains, backends::BackendId backend,
                                           const Times& times) {
  const auto progress = drains.progress(backend);
  if (!progress) {
    return std::nullopt;
  }
  return admin::DrainInfo{.cause = describe(progress->cause).word,
                          .since = times.wall_now + (progress->since - times.now),
                          .told = progress->told,
                          .remaining = progress->remaining,
                          .leaving = progress->leaving,
                          .cut = progress->cut,
                          .per_second = progress->per_second,
                          .eta = progress->eta,
                          .slowed = progress->slowed,
                          .resting = progress->rests,
                          .closes = progress->closes};
}

}  // namespace limpet::app
