#include "app/pin_keeper.h"

#include <utility>

#include "app/pin_file.h"

namespace limpet::app {

namespace {

// Half of the time a dump leaves control to others.
constexpr Duration kStepEvery{1};

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

PinKeeper::PinKeeper(Parts parts, std::string file, net::Fd lock)
    : parts_(std::move(parts)),
      file_(std::move(file)),
      lock_(std::move(lock)),
      written_(parts_.loop, [this](Written&& written) { on_written(written); }) {
  if (lock_.valid()) {
    return;
  }
  auto taken = lock_pin_file(file_);
  if (taken.ok()) {
    lock_ = std::move(taken).value();
  } else {
    parts_.log.warning(
        "pins_not_saved",
        {{"file", file_}, {"detail", taken.error().detail + "; pins end with this process (state.file)"}});
  }
}

PinKeeper::~PinKeeper() {
  join();
}

void PinKeeper::restore() {
  const Instant began = parts_.clock.now();
  affinity::PinRestore restore(parts_.table, parts_.pools(), pin_stamp(parts_.clock.wall_now()), began);
  const auto found =
      read_pin_file(file_, [&restore](const affinity::PinReader& reader) { restore.take(reader); });
  saved_changes_ = parts_.table.changes();
  if (found.ok()) {
    if (*found) {
      parts_.log.info("pins_restored", {{"restored", restore.counts().restored},
                                        {"dropped", restore.counts().dropped},
                                        {"expired", restore.counts().expired},
                                        {"file", file_},
                                        {"took_s", seconds_of(parts_.clock.now() - began)}});
    }
    return;
  }
  std::string detail = found.error().detail;
  // Only the one who would overwrite it moves it out of the way.
  if (found.error().code == ErrorCode::Malformed && lock_.valid()) {
    const auto aside = keep_aside(file_);
    detail += aside.ok() ? "; kept as " + *aside : "; " + aside.error().detail;
  }
  parts_.log.warning("pins_ignored", {{"file", file_}, {"detail", detail}});
}

void PinKeeper::save_every(Duration time) {
  if (lock_.valid()) {
    minute_ = std::make_unique<net::Timer>(parts_.loop, time, [this] { begin(); });
  }
}

void PinKeeper::begin() {
  if (saving_ || !has_changed()) {
    return;
  }
  const Instant now = parts_.clock.now();
  saving_.emplace(Saving{.dump = affinity::PinDump(parts_.table, pin_stamp(parts_.clock.wall_now()), now),
                         .changes = parts_.table.changes(),
                         .began = now});
  step_ = std::make_unique<net::Timer>(parts_.loop, kStepEvery, [this] { step(); });
}

void PinKeeper::step() {
  saving_->pieces.push_back(saving_->dump.step(parts_.pools()));
  if (saving_->dump.done()) {
    step_.reset();
    write();
  }
}

void PinKeeper::write() {
  writer_ = std::thread(
      [this, pieces = std::move(saving_->pieces)] { written_.post({replace_pin_file(file_, pieces)}); });
}

void PinKeeper::on_written(const Written& written) {
  if (!saving_) {
    return;  // save_now() has overtaken it
  }
  join();
  report(written.bytes);
}

void PinKeeper::report(const Result<std::uint64_t>& bytes) {
  const Saving saved = std::move(*saving_);
  saving_.reset();
  if (bytes.ok()) {
    saved_changes_ = saved.changes;
    has_warned_ = false;
    parts_.log.debug("pins_saved", {{"pins", saved.dump.pins()},
                                    {"bytes", *bytes},
                                    {"file", file_},
                                    {"took_s", seconds_of(parts_.clock.now() - saved.began)}});
  } else if (!std::exchange(has_warned_, true)) {
    parts_.log.warning("pins_not_saved", {{"file", file_}, {"detail", bytes.error().detail}});
  }
}

void PinKeeper::save_now() {
  minute_.reset();
  step_.reset();
  join();
  saving_.reset();
  if (!lock_.valid()) {
    return;
  }
  begin();
  step_.reset();
  if (!saving_) {
    return;
  }
  while (!saving_->dump.done()) {
    saving_->pieces.push_back(saving_->dump.step(parts_.pools()));
  }
  report(replace_pin_file(file_, saving_->pieces));
}

// A file that is being written is finished: a minute passes before the other one writes its first.
void PinKeeper::let_go() {
  minute_.reset();
  step_.reset();
  if (!writer_.joinable()) {
    saving_.reset();
  }
  lock_.reset();
}

void PinKeeper::join() {
  if (writer_.joinable()) {
    writer_.join();
  }
}

}  // namespace limpet::app
