#include "admin/connection.h"

#include <string>
#include <utility>

#include "admin/drain_calls.h"
#include "admin/publish_call.h"
#include "admin/routes.h"
#include "admin/views.h"
#include "base/text.h"

namespace limpet::admin {

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
// Longer than all waits of an upgrade together, each of which has its own end.
constexpr Duration kUpgradePatience = std::chrono::seconds(90);
// A million pins and a thousand backends take ten seconds, in steps that leave control to others.
constexpr Duration kForecastPatience = std::chrono::seconds(60);

}  // namespace

Connection::Connection(const Parts& parts, net::StreamPtr stream)
    : parts_(parts),
      stream_(std::move(stream)),
      deadline_(*this),
      reader_(parts.access,
              [this](const http::RequestHead& request) { return most_body_bytes(request, parts_.source); }) {
  stream_->set_events(this);
  stream_->watch(true, false);
  arm(parts_.bounds.patience);
}

Connection::~Connection() {
  out_.drop(parts_.loop.chunks());
}

void Connection::on_readable(net::Stream&) {
  const auto scratch = parts_.loop.scratch().first(kReadBytes);
  const net::IoResult result = stream_->read(scratch);
  if (result.status == net::IoStatus::End || result.status == net::IoStatus::Broken) {
    close_now();
    return;
  }
  if (result.status != net::IoStatus::Done || state_ == State::Closing || state_ == State::Streaming) {
    return;
  }
  if (reader_.is_idle()) {
    arm(parts_.bounds.patience);  // counts from the first byte of a request, not from the answer before
  }
  reader_.add({reinterpret_cast<const char*>(scratch.data()), result.bytes});
  serve();
}

// Goes on as long as what was read makes a step possible; an answer that is not sent yet holds everything up.
void Connection::serve() {
  if (is_serving_) {
    return;  // the source answered at once: the loop below goes on
  }
  is_serving_ = true;
  while (is_open() && out_.empty() && state_ == State::Reading && step()) {
  }
  is_serving_ = false;
  update_watch();
}

bool Connection::step() {
  switch (reader_.next()) {
    case RequestReader::Step::NeedMore:
      return false;
    case RequestReader::Step::AwaitsGo:
      send("HTTP/1.1 100 Continue\r\n\r\n");
      return true;
    case RequestReader::Step::Complete:
      dispatch();
      return true;
    case RequestReader::Step::Refused:
      refuse(reader_.refusal());
      return false;
  }
  return false;
}

void Connection::dispatch() {
  const Outcome outcome =
      route({.request = reader_.request(), .body = reader_.body(), .key = {}}, parts_.source);
  if (const auto* const answer = std::get_if<Answer>(&outcome)) {
    finish(*answer, reader_.keeps_alive());
    return;
  }
  if (const auto* const seen = std::get_if<StreamQuery>(&outcome)) {
    begin_stream(*seen);
    return;
  }
  state_ = State::Waiting;
  if (std::holds_alternative<UpgradeRequest>(outcome)) {
    arm(kUpgradePatience);
    parts_.source.upgrade(*this);
    return;
  }
  if (const auto* const query = std::get_if<ForecastQuery>(&outcome)) {
    arm(kForecastPatience);
    parts_.source.forecast(*query, *this);
    return;
  }
  arm(parts_.bounds.patience);
  if (const auto* const end = std::get_if<SessionEnd>(&outcome)) {
    parts_.source.end_session(*end, *this);
  } else if (const auto* const order = std::get_if<PublishOrder>(&outcome)) {
    parts_.source.publish(*order, *this);
  } else {
    parts_.source.list_sessions(std::get<SessionQuery>(outcome), *this);
  }
}

void Connection::on_sessions(OrRefusal<SessionPage> page) {
  on_source_answer(sessions_answer(page));
}

void Connection::on_ended(OrRefusal<EndedSession> ended) {
  on_source_answer(ended_answer(ended));
}

void Connection::on_upgrade(const OrRefusal<UpgradeInfo>& upgrade) {
  on_source_answer(upgrade_answer(upgrade));
}

void Connection::on_published(const OrRefusal<PublishInfo>& published) {
  on_source_answer(published_answer(published));
}

void Connection::on_forecast(const OrRefusal<ForecastInfo>& forecast) {
  on_source_answer(forecast_answer(forecast));
}

void Connection::on_source_answer(const Answer& answer) {
  if (state_ != State::Waiting) {
    return;
  }
  state_ = State::Reading;
  finish(answer, reader_.keeps_alive());
  serve();
}

void Connection::leave() {
  is_leaving_ = true;
  if (state_ == State::Streaming || (state_ == State::Reading && reader_.is_idle() && out_.empty())) {
    close_gently();
    update_watch();
  }
}

void Connection::begin_stream(const StreamQuery& seen) {
  if (!parts_.owner.has_room_for_stream()) {
    finish(to_answer({503, "streams", "too many streams at once; ask the calls one by one"}),
           reader_.keeps_alive());
    return;
  }
  std::string head;
  append_stream_head(head);
  send(head);
  if (!is_open()) {
    return;
  }
  if (reader_.is_head_method() || is_leaving_) {
    close_gently();
    return;
  }
  state_ = State::Streaming;
  events_.emplace(seen, parts_.texts);
  go_on_streaming();
}

// A client that does not take what it was told is told no more, and is cut off when its patience is over.
void Connection::go_on_streaming() {
  since_ = parts_.loop.now();
  send(events_->next(parts_.source, since_));
  if (is_open()) {
    await_round();
  }
}

// The next one, or that this one is taken: counted from when it was told.
void Connection::await_round() {
  parts_.loop.deadlines().arm(deadline_,
                              since_ + (out_.empty() ? StreamTexts::kEvery : parts_.bounds.patience));
}

void Connection::finish(const Answer& answer, bool keep_alive) {
  keep_alive = keep_alive && !is_leaving_;
  std::string text;
  append_answer(text, answer, {.keep_alive = keep_alive, .head_only = reader_.is_head_method()});
  send(text);
  if (!is_open()) {
    return;
  }
  if (keep_alive) {
    arm(parts_.bounds.patience);
  } else {
    close_gently();
  }
}

void Connection::send(std::string_view bytes) {
  const net::IoResult result = out_.send(*stream_, bytes_of(bytes));
  if (result.status == net::IoStatus::Broken) {
    close_now();
  }
}

void Connection::refuse(const Refusal& refusal) {
  stop_waiting();
  finish(to_answer(refusal), false);
  update_watch();
}

void Connection::close_gently() {
  state_ = State::Closing;
  if (out_.empty()) {
    stream_->shutdown_write();
    arm(parts_.bounds.linger);
  } else {
    arm(parts_.bounds.patience);
  }
}

void Connection::on_writable(net::Stream&) {
  if (out_.flush(*stream_).status == net::IoStatus::Broken) {
    close_now();
    return;
  }
  if (out_.empty() && state_ == State::Closing) {
    close_gently();
  } else if (out_.empty() && state_ == State::Streaming) {
    await_round();
  }
  serve();
}

void Connection::on_broken(net::Stream&) {
  close_now();
}

void Connection::on_deadline() {
  if (state_ == State::Streaming && out_.empty()) {
    go_on_streaming();
    update_watch();
  } else if (!out_.empty() || state_ == State::Closing || (state_ == State::Reading && reader_.is_idle())) {
    close_now();
  } else if (state_ == State::Waiting) {
    refuse({503, "timeout", "the workers did not answer in time"});
  } else {
    refuse({408, "timeout", "the request took too long"});
  }
}

void Connection::update_watch() {
  if (is_open()) {
    const bool readable =
        state_ == State::Closing || state_ == State::Streaming || (state_ == State::Reading && out_.empty());
    stream_->watch(readable, !out_.empty());
  }
}

void Connection::arm(Duration wait) {
  since_ = parts_.loop.now();
  parts_.loop.deadlines().arm(deadline_, since_ + wait);
}

void Connection::stop_waiting() {
  if (state_ == State::Waiting) {
    state_ = State::Reading;
    parts_.source.cancel(*this);
    parts_.source.stop_waiting(*this);
    parts_.source.forget(*this);
    parts_.source.drop(*this);
  }
}

void Connection::close_now() {
  if (!is_open()) {
    return;
  }
  stop_waiting();
  deadline_.disarm();
  out_.drop(parts_.loop.chunks());
  stream_.reset();
  parts_.owner.retire(*this);
}

}  // namespace limpet::admin
