// What control posts to a worker, and what is done with it.

#include <utility>

#include "proxy/adopt_snapshot.h"
#include "proxy/client_connection.h"
#include "proxy/tunnel.h"
#include "proxy/worker.h"

namespace limpet::proxy {

namespace {

template <typename Answer>
void reply(net::Mailbox<Answer>* to, Answer answer) {
  if (to != nullptr) {
    to->post(std::move(answer));
  }
}

}  // namespace

void Worker::on_letter(SnapshotPtr snapshot) {
  adopt_snapshot(context_, std::move(snapshot));
}

// New listeners open before old ones close, and all of them with the new snapshot.
void Worker::on_letter(ListenerChange change) {
  adopt_snapshot(context_, std::move(change.snapshot));
  for (ListeningSocket& listening : change.opened) {
    if (!context_.stopping) {
      listeners_.open(std::move(listening), listener_options());
    }
  }
  for (const ListenerChange::NewRule& next : change.changed) {
    listeners_.set_rule(next.id, next.rule);
  }
  for (const ListenerId id : change.closed) {
    listeners_.close(id);
    change.tell->post({id});
  }
}

void Worker::on_letter(const SessionQuestion& question) {
  reply(question.reply_to, {question.question, list_sessions(context_.sessions, question.from, question.limit,
                                                             question.backend)});
}

void Worker::on_letter(HoldAccepting order) {
  listeners_.hold(order.on);
}

void Worker::on_letter(StopAccepting) {
  context_.stopping = true;
  listeners_.clear();
  context_.idle.clear();
  proxied_.close_all(CloseReason::Shutdown);
  connections_.for_each([](ClientConnection& connection) { connection.leave(); });
  tell_if_done();
}

// What is left is cut, each with its reason.
void Worker::on_letter(StopAtOnce) {
  listeners_.clear();
  proxied_.close_all(CloseReason::Shutdown);
  context_.sessions.for_each([](Tunnel& tunnel) { tunnel.cut(CloseReason::Shutdown); });
  connections_.for_each([](ClientConnection& connection) { connection.close_now(CloseReason::Shutdown); });
  loop_.stop();
}

void Worker::on_letter(const SendAway& order) {
  if (order.most > 0 && order.cause != CloseReason::Drained) {
    context_.idle.forget(order.backend);  // nobody is to come back to it
  }
  SentAway answer = context_.departures.send_away(order);
  answer.worker = context_.number;
  reply(order.reply_to, answer);
}

void Worker::on_letter(const CutBackend& order) {
  context_.idle.forget(order.backend);
  context_.departures.cut(order);
}

void Worker::on_letter(const EndSession& order) {
  reply(order.reply_to, {order.question, context_.departures.end(order)});
}

void Worker::on_letter(const MoveKey& order) {
  reply(order.reply_to, {order.question, context_.departures.move(order)});
}

void Worker::on_letter(const sharing::PinAnswer& answer) {
  context_.pin_waits.on_answer(answer.question, answer.is_settled);
}

void Worker::on_letter(PublicationPtr publication) {
  context_.publishing.begin(std::move(publication));
}

}  // namespace limpet::proxy
