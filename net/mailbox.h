// Mailbox: finished values from any thread to the thread of one loop. The lock is held for a push or a swap
// alone. Owned by the receiver; whoever posts must not outlive it.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/uv_loop.h"

namespace limpet::net {

template <typename Letter>
class Mailbox {
 public:
  using Receiver = std::function<void(Letter&&)>;

  // `receive` is called on the loop's thread, once a letter, in the order of posting.
  Mailbox(UvLoop& loop, Receiver receive) : inner_(std::make_unique<Inner>(std::move(receive)).release()) {
    uv_async_init(loop.native(), &inner_->wake,
                  [](uv_async_t* async) { static_cast<Inner*>(async->data)->deliver(); });
    inner_->wake.data = inner_;
  }
  ~Mailbox() {
    // libuv keeps the handle until its close callback, which is why it lives in a block of its own.
    uv_close(reinterpret_cast<uv_handle_t*>(&inner_->wake),
             [](uv_handle_t* handle) { std::unique_ptr<Inner>(static_cast<Inner*>(handle->data)); });
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread.
  void post(Letter letter) {
    {
      const std::lock_guard lock(inner_->mutex);
      inner_->letters.push_back(std::move(letter));
    }
    uv_async_send(&inner_->wake);
  }

 private:
  struct Inner {
    Receiver receive;
    std::mutex mutex;
    std::vector<Letter> letters;
    uv_async_t wake{};

    explicit Inner(Receiver receiver) : receive(std::move(receiver)) {}

    void deliver() {
      std::vector<Letter> taken;
      {
        const std::lock_guard lock(mutex);
        taken.swap(letters);
      }
      for (Letter& letter : taken) {
        receive(std::move(letter));
      }
    }
  };

  Inner* inner_;
};

}  // namespace limpet::net
