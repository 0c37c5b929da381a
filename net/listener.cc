#include "net/listener.h"

#include <fcntl.h>
#include <uv.h>

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

// Outlives the Listener until libuv lets go of its handles.
struct Listener::Inner {
  uv_poll_t poll{};
  uv_timer_t rest{};
  Fd socket;
  OnAccept on_accept;
  ListenerOptions options;
  Fd waiting;  // accepted, but its number is one that is kept free; valid only while resting
  SocketAddress waiting_peer;
  bool closed = false;
  int open_handles = 2;

  void watch() {
    uv_poll_start(&poll, UV_READABLE,
                  [](uv_poll_t* handle, int, int) { static_cast<Inner*>(handle->data)->accept(); });
  }

  void accept() {
    for (int i = 0; i < kMostAcceptsATurn && !closed; ++i) {
      if (!options.has_room()) {
        rest_for_a_moment();
        return;
      }
      sockaddr_storage native{};
      socklen_t length = sizeof(native);
      Fd accepted(options.accept(socket.get(), reinterpret_cast<sockaddr*>(&native), &length));
      if (accepted.valid()) {
        hand_over(std::move(accepted), SocketAddress::from_native(native, length));
      } else if (is_out_of_something(errno)) {
        rest_for_a_moment();
      } else if (errno != ECONNABORTED && errno != EINTR) {
        return;
      }
      if (uv_is_active(reinterpret_cast<uv_handle_t*>(&rest)) != 0) {
        return;
      }
    }
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
    uv_poll_stop(&poll);
    uv_timer_start(
        &rest, [](uv_timer_t* timer) { static_cast<Inner*>(timer->data)->go_on(); },
        static_cast<std::uint64_t>(kRest.count()), 0);
    options.on_rest();
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
    if (!closed) {
      watch();
    }
  }

  static void on_closed(uv_handle_t* handle) {
    auto* const inner = static_cast<Inner*>(handle->data);
    if (--inner->open_handles == 0) {
      std::unique_ptr<Inner> freed(inner);
    }
  }
};

Result<std::unique_ptr<Listener>> Listener::start(UvLoop& loop, Fd socket, OnAccept on_accept,
                                                  ListenerOptions options) {
  auto inner = std::make_unique<Inner>();
  inner->socket = std::move(socket);
  inner->on_accept = std::move(on_accept);
  inner->options = std::move(options);
  if (!inner->options.accept) {
    inner->options.accept = accept_non_blocking;
  }
  const int failed = uv_poll_init_socket(loop.native(), &inner->poll, inner->socket.get());
  if (failed != 0) {
    return system_error(-failed, Side::Self, "watching a listening socket");
  }
  uv_timer_init(loop.native(), &inner->rest);
  inner->poll.data = inner.get();
  inner->rest.data = inner.get();
  inner->watch();
  return std::unique_ptr<Listener>(new Listener(inner.release()));
}

Listener::~Listener() {
  inner_->closed = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&inner_->poll), &Inner::on_closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&inner_->rest), &Inner::on_closed);
  inner_->socket.reset();
  inner_->waiting.reset();
}

}  // namespace limpet::net
