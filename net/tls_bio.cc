// How the library reaches the socket of a TlsStream.

#include <algorithm>
#include <cstring>

#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_stream.h"

namespace limpet::net {

// The library's way to the socket: both directions are buffers of the engine, which the stream fills and
// sends. It never hears of an end: the stream knows, and the library's state stays good for writing.
struct TlsStream::Bio {
  static int read(BIO* bio, char* to, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    TlsIncoming& incoming = stream.engine_.incoming();
    BIO_clear_retry_flags(bio);
    if (incoming.size() == 0 && incoming.may_receive) {
      stream.receive();
    }
    const std::size_t taken = std::min(incoming.size(), static_cast<std::size_t>(size));
    if (taken == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, incoming.begin, taken);
    incoming.begin += taken;
    incoming.sealed_before = stream.engine_.sealed_out().size();
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* from, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    auto& sealed = stream.engine_.sealed_out();
    // As bytes of the same type: those of another are copied one by one.
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(from);
    sealed.insert(sealed.end(), bytes, bytes + size);
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* const fresh = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "limpet stream");
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }
};

bool TlsStream::take_connection(ssl_st* ssl) {
  BIO* const bio = BIO_new(Bio::method());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    static_cast<void>(finish());
    fail({.fault = TlsFault::Other, .detail = "out of memory", .client_subject = {}});
    return false;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, this);
  ssl_ = ssl;
  return true;
}

}  // namespace limpet::net
