// TlsRecords: the records of a TLS 1.3 connection behind its handshake (RFC 8446 5): what the library's
// connection object, fifty times as large, is not needed for any more. Application data, alerts and
// KeyUpdate; everything else is a fault. Cuts of the bytes do not matter. One thread.
//
//   opening: note_secret() twice --take_over()--> open() and seal()
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/tls_aead.h"
#include "net/tls_content.h"
#include "net/tls_keys.h"

namespace limpet::net {

class TlsRecords {
 public:
  static constexpr std::size_t kHeaderBytes = 5;
  static constexpr std::size_t kMostPlain = std::size_t{16} * 1024;
  static constexpr std::size_t kMostSealed = kMostPlain + 256;  // RFC 8446 5.2
  // A key seals as many records, and is followed by the next one (RFC 8446 5.5: 2^24.5 of the longest).
  static constexpr std::uint64_t kMostAKey = std::uint64_t{1} << 23U;
  // Records in a row without a byte of data: more are no use to anybody but an attacker.
  static constexpr std::uint8_t kMostEmpty = 32;

  enum class Found : std::uint8_t {
    NeedMore,  // the record is not whole
    NeedRoom,  // `into` does not take what is in it
    Data,
    Nothing,  // something for us alone
    End,      // close_notify: the peer sends nothing more
    Fault,    // the connection is broken: alert() is what the peer is to be told, fault() why
  };
  struct Opened {
    Found found = Found::NeedMore;
    std::size_t taken = 0;  // bytes of the sealed ones
    std::size_t bytes = 0;  // of data, at the begin of `into`
  };

  // Bytes at the begin that a record has which is whole, or cannot be one; 0 = more are needed.
  [[nodiscard]] static std::size_t whole_record(std::span<const std::uint8_t> sealed) noexcept;
  // Records of sealed content in `bytes`, which has whole records alone; none where that is not so.
  [[nodiscard]] static std::optional<std::uint64_t> count_sealed(
      std::span<const std::uint8_t> bytes) noexcept;

  // A line of the key log of the library (draft-ietf-tls-keylogfile): of the server's side, the traffic
  // secrets are kept.
  void note_secret(std::string_view line);
  // The handshake is done: so many records were sealed with our secret meanwhile. False when that is not
  // possible: another suite, a secret is missing, no memory.
  [[nodiscard]] bool take_over(std::uint16_t suite, std::uint64_t sealed);

  // The next record. What is in `into` behind the data is not defined.
  [[nodiscard]] Opened open(TlsAead& aead, std::span<std::uint8_t> sealed, std::span<std::uint8_t> into);
  // Appends a record of at most kMostPlain bytes to `out`, and before it whatever is owed. False when the
  // library has no memory: the connection is broken.
  [[nodiscard]] bool seal(TlsAead& aead, TlsContent type, std::span<const std::uint8_t> content,
                          std::vector<std::uint8_t>& out);
  // The same of an alert.
  [[nodiscard]] bool seal_alert(TlsAead& aead, std::uint8_t alert, std::vector<std::uint8_t>& out);
  // The peer asked for a KeyUpdate of ours; it goes before the next record, or at once.
  [[nodiscard]] bool owes_key_update() const noexcept { return owes_key_update_; }
  [[nodiscard]] bool seal_owed(TlsAead& aead, std::vector<std::uint8_t>& out);

  // Where our records are made elsewhere, with these keys: before the next one a KeyUpdate is due, which is
  // told by a record of kKeyUpdate with the key that was.
  static constexpr std::array<std::uint8_t, 5> kKeyUpdate{24, 0, 0, 1, 0};  // RFC 8446 4.6.3, not requested
  [[nodiscard]] const TlsKeys& our_keys() const noexcept { return ours_; }
  void count_sealed_elsewhere(std::uint64_t records) noexcept { ours_.count(records); }
  [[nodiscard]] bool is_key_update_due() const noexcept {
    return owes_key_update_ || ours_.passed() >= kMostAKey;
  }
  // It was told. False when the library has no memory.
  [[nodiscard]] bool take_next_key();
  // What is in the record of an alert; fatal but for close_notify (RFC 8446 6).
  [[nodiscard]] static std::array<std::uint8_t, 2> content_of(std::uint8_t alert) noexcept;

  // The connection is over: nothing of its keys stays in `aead`.
  void leave(TlsAead& aead) const noexcept { aead.forget(ours_.suite()); }

  [[nodiscard]] std::uint8_t alert() const noexcept { return alert_; }
  [[nodiscard]] std::string_view fault() const noexcept { return fault_; }  // static text

 private:
  struct Secret {
    std::array<std::uint8_t, TlsKeys::kMostSecretBytes> bytes{};
    std::size_t size = 0;

    ~Secret();
  };
  struct Secrets {
    Secret of_client;
    Secret of_server;
  };

  [[nodiscard]] Opened refuse(std::uint8_t alert, std::string_view fault) noexcept;
  [[nodiscard]] Opened take_content(TlsContent type, std::span<const std::uint8_t> content,
                                    std::size_t taken);
  [[nodiscard]] Opened take_alert(std::span<const std::uint8_t> content, std::size_t taken);
  [[nodiscard]] Opened take_handshake(std::span<const std::uint8_t> content, std::size_t taken);
  [[nodiscard]] bool seal_one(TlsAead& aead, TlsContent type, std::span<const std::uint8_t> content,
                              std::vector<std::uint8_t>& out);
  [[nodiscard]] bool update_ours(TlsAead& aead, std::vector<std::uint8_t>& out);

  std::unique_ptr<Secrets> secrets_;  // until take_over()
  TlsKeys theirs_;
  TlsKeys ours_;
  std::string_view fault_;
  std::array<std::uint8_t, 4>
      message_{};  // of a handshake message that comes in pieces: all but its last byte
  std::uint8_t message_bytes_ = 0;
  std::uint8_t empty_ = 0;  // records in a row without data
  std::uint8_t alert_ = 0;
  bool owes_key_update_ = false;
};

}  // namespace limpet::net
