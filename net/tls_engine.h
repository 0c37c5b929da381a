// TlsEngine: what the TLS streams of one loop share: the buffers for what is sealed, the queue of handshakes
// that are to go on, and the sessions that backends let us resume. Owned by the Loop. One thread.
//
// A handshake costs as much as ten thousand messages, so handshakes go on when all events of a turn have been
// told, for a bounded time, and the rest of them in the next turn. Who has begun goes first: of a crowd that
// is larger than what can be served within the deadline of a handshake some get in, and not everybody half.
// Of those who have not begun the newest goes first, being the most likely to be still there in the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/tls_aead.h"
#include "net/tls_client.h"
#include "net/tls_contexts.h"

struct ssl_session_st;

namespace limpet::net {

class TlsStream;

// What was received and waits to be opened, in the call under way.
struct TlsIncoming {
  std::uint8_t* begin = nullptr;
  std::uint8_t* end = nullptr;
  std::size_t most = 0;           // what one more recv may bring
  bool may_receive = false;       // nobody has said yet that there is nothing
  std::size_t sealed_before = 0;  // bytes of sealed_out() when the library took the last of these

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }
  // Nothing more is wanted.
  void drop() noexcept {
    begin = end;
    may_receive = false;
  }
};

class TlsEngine final : private TurnEnd {
 public:
  // What one recv may bring and one send takes: it stays in the nearer cache while it is opened or sealed.
  static constexpr std::size_t kSealedBytes = 64 * 1024;
  // How long handshakes go on in one turn. A P-256 handshake takes some 150 us, one with RSA 2048 a
  // millisecond: at least one is done, whatever it takes.
  static constexpr std::chrono::microseconds kHandshakeTime{1000};

  explicit TlsEngine(Loop& loop) noexcept : loop_(loop) {}
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // Calls stream.go_on() at the end of this turn, or of a later one. A stream waits once.
  void enqueue(TlsStream& stream, bool has_begun);
  // Requires that it waits.
  void forget(const TlsStream& stream) noexcept;

  // For one recv and the opening of what it brought; never held over a return to the loop.
  [[nodiscard]] std::span<std::uint8_t> sealed_in();
  [[nodiscard]] TlsIncoming& incoming() noexcept { return incoming_; }
  // What the library has sealed in the call under way.
  [[nodiscard]] std::vector<std::uint8_t>& sealed_out() noexcept { return sealed_out_; }

  // For connections of which the library's object is gone.
  [[nodiscard]] TlsAead& aead() noexcept { return aead_; }

  // What this loop makes the connections of a listener from.
  [[nodiscard]] TlsContexts& contexts_of(const TlsServerPtr& server);

  // The newest session of a backend; in TLS 1.3 one serves one connection (RFC 8446 C.4). Null = none.
  [[nodiscard]] ssl_session_st* take_session(const TlsClientPtr& client);
  void keep_session(const TlsClientPtr& client, ssl_session_st* session);
  // For the library: a backend lets a connection be resumed. Answers 1 when the session is taken over.
  static int on_new_session(ssl_st* connection, ssl_session_st* session);

  // For the library: a line of its key log, of a connection of a TlsStream.
  static void on_secret(const ssl_st* connection, const char* line);

 private:
  // Contexts of backends that were taken out of the configuration are let go of when so many are known.
  static constexpr std::size_t kManySessions = 256;

  void on_turn_end() override;
  [[nodiscard]] TlsStream* take_next() noexcept;
  void park_waiting() noexcept;
  void come_again();

  Loop& loop_;
  std::unique_ptr<std::uint8_t[]> sealed_in_;  // null until it is used
  TlsIncoming incoming_;
  std::vector<std::uint8_t> sealed_out_;
  TlsAead aead_;
  // Null where one was forgotten.
  std::deque<TlsStream*> begun_;
  std::vector<TlsStream*> new_;
  bool is_registered_ = false;
  // By what other loops know as well: nobody is kept alive by standing here.
  template <typename Owner, typename Value>
  using ByOwner = std::map<std::weak_ptr<const Owner>, Value, std::owner_less<>>;
  ByOwner<TlsClient, ssl_session_st*> sessions_;
  // Those of listeners that were taken out of the configuration go when another one is added.
  ByOwner<TlsServer, std::unique_ptr<TlsContexts>> contexts_;
};

}  // namespace limpet::net
