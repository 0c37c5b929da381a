#include "net/listener.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace limpet::net {

namespace {

// Bounded, so that a storm of new clients does not starve the sessions of the same worker.
constexpr int kMostAcceptsATurn = 64;

bool is_out_of_something(int error_number) noexcept {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

int accept_non_blocking(int socket, sockaddr* peer, socklen_t* length) {
  return accept4(socket, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace

struct Listener::Inner final : Pollable {
  Inner(UvLoop& the_loop, Fd listening, OnAccept callback, ListenerOptions how)
      : loop(the_loop),
        socket(std::move(listening)),
        on_accept(std::move(callback)),
        options(std::move(how)) {}

  UvLoop& loop;
  Fd socket;
  OnAccept on_accept;
  ListenerOptions options;
  uv_timer_t rest{};
  Fd waiting;  // accepted, but its number is one that is kept free; valid only while resting
  SocketAddress waiting_peer;
  int most_a_turn = 1;
  std::uint64_t last_turn = 0;
  bool rests = false;
  bool held = false;
  bool closed = false;

  void on_ready(std::uint32_t) override {
    int accepted = 0;
    while (accepted < most_a_turn && !closed && !rests && !held && accept_one()) {
      ++accepted;
    }
    // The call that finds nobody is spared while clients come one by one: only who finds the queue still
    // filled in the very next turn takes more.
    const bool was_full = accepted == most_a_turn;
    const bool follows = loop.turns() == last_turn + 1;
    most_a_turn = was_full && follows ? std::min(2 * most_a_turn, kMostAcceptsATurn)
                  : was_full          ? most_a_turn
                                      : 1;
    last_turn = loop.turns();
  }

  // False when there is nobody to accept now.
  bool accept_one() {
    if (!options.has_room()) {
      rest_for_a_moment();
      return false;
    }
    sockaddr_storage native{};
    socklen_t length = sizeof(native);
    Fd accepted(options.accept(socket.get(), reinterpret_cast<sockaddr*>(&native), &length));
    if (accepted.valid()) {
      hand_over(std::move(accepted), SocketAddress::from_native(native, length));
      return true;
    }
    if (is_out_of_something(errno)) {
      rest_for_a_moment();
      return false;
    }
    return errno == ECONNABORTED || errno == EINTR;
  }

  void hand_over(Fd accepted, const SocketAddress& peer) {
    if (accepted.get() < options.below) {
      on_accept(std::move(accepted), peer);
      return;
    }
    waiting = std::move(accepted);
    waiting_peer = peer;
    rest_for_a_moment();
  }

  void rest_for_a_moment() {
    if (!rests) {
      rests = true;
      loop.poller().remove(socket.get());
    }
    uv_timer_start(
        &rest, [](uv_timer_t* timer) { static_cast<Inner*>(timer->data)->go_on(); },
        static_cast<std::uint64_t>(kRest.count()), 0);
    options.on_rest();
  }

  void hold(bool on) {
    if (held == on || closed) {
      return;
    }
    held = on;
    if (rests) {
      return;  // it is not polled now, and go_on() looks at what is held
    }
    if (held) {
      loop.poller().remove(socket.get());
    } else if (!loop.poller().add(socket.get(), EPOLLIN, *this)) {
      rest_for_a_moment();
    }
  }

  void go_on() {
    if (waiting.valid()) {
      Fd lower(fcntl(waiting.get(), F_DUPFD_CLOEXEC, 0));
      if (!lower.valid() || lower.get() >= options.below) {
        rest_for_a_moment();
        return;
      }
      waiting.reset();
      on_accept(std::move(lower), waiting_peer);
    }
    rests = false;
    if (!closed && !held && !loop.poller().add(socket.get(), EPOLLIN, *this)) {
      rest_for_a_moment();
    }
  }
};

Result<std::unique_ptr<Listener>> Listener::start(UvLoop& loop, Fd socket, OnAccept on_accept,
                                                  ListenerOptions options) {
  if (auto error = listen_on(socket)) {
    return std::move(*error);
  }
  if (!options.accept) {
    options.accept = accept_non_blocking;
  }
  auto inner = std::make_unique<Inner>(loop, std::move(socket), std::move(on_accept), std::move(options));
  if (!loop.poller().add(inner->socket.get(), EPOLLIN, *inner)) {
    return system_error(errno, Side::Self, "watching a listening socket");
  }
  uv_timer_init(loop.native(), &inner->rest);
  inner->rest.data = inner.get();
  return std::unique_ptr<Listener>(new Listener(inner.release()));
}

void Listener::accept_queued() {
  // A storm of new clients must not keep the worker here: as many as a queue holds.
  for (int accepted = 0; accepted < kBacklog && !inner_->rests && inner_->accept_one(); ++accepted) {
  }
}

void Listener::hold(bool on) {
  inner_->hold(on);
}

// The poller may have an event for it in hand, and libuv has its timer: it goes when that is closed.
Listener::~Listener() {
  inner_->closed = true;
  inner_->loop.poller().remove(inner_->socket.get());  // closing alone does not: workers share a Unix socket
  inner_->socket.reset();
  inner_->waiting.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&inner_->rest),
           [](uv_handle_t* handle) { std::unique_ptr<Inner> freed(static_cast<Inner*>(handle->data)); });
}

}  // namespace limpet::net
