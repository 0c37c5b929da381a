#include "net/kernel_sealer.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/row_order.h"
#include "net/bytes_given.h"
#include "net/socket_stream.h"
#include "net/tls_aead.h"

namespace limpet::net {

namespace {

constexpr int kSolTls = 282;  // SOL_TLS; the C library of Debian 12 does not have it
// What a record has around its content: header, type, tag (RFC 8446 5.2).
constexpr std::uint64_t kAround = 5 + 1 + TlsAead::kTagBytes;

// How the kernel is told, or tells, keys: the structures tls12_crypto_info_* of <linux/tls.h>, which are of
// bytes alone behind their head. It calls the first bytes of the nonce salt, and the others iv.
struct KeyLayout {
  TlsSuite suite;
  std::uint16_t cipher_type;
  std::size_t iv_bytes;
};

constexpr std::array<KeyLayout, kTlsSuiteCount> kLayouts{{
    {TlsSuite::Aes128GcmSha256, TLS_CIPHER_AES_GCM_128, TLS_CIPHER_AES_GCM_128_IV_SIZE},
    {TlsSuite::Aes256GcmSha384, TLS_CIPHER_AES_GCM_256, TLS_CIPHER_AES_GCM_256_IV_SIZE},
    {TlsSuite::ChaCha20Poly1305Sha256, TLS_CIPHER_CHACHA20_POLY1305, TLS_CIPHER_CHACHA20_POLY1305_IV_SIZE},
}};
static_assert(rows_are_in_order(kLayouts, &KeyLayout::suite));

// Wiped when it goes.
class KeyInfo {
 public:
  explicit KeyInfo(TlsSuite suite) noexcept
      : layout_(kLayouts[static_cast<std::size_t>(suite)]), key_bytes_(facts_of(suite).key_bytes) {
    const tls_crypto_info head{.version = TLS_1_3_VERSION, .cipher_type = layout_.cipher_type};
    std::memcpy(bytes_.data(), &head, sizeof(head));
  }
  ~KeyInfo() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  KeyInfo(const KeyInfo&) = delete;
  KeyInfo& operator=(const KeyInfo&) = delete;

  void put(const TlsKeys& keys) noexcept {
    const TlsKeys::Nonce& nonce = keys.iv();
    const auto salt_end = nonce.end() - static_cast<std::ptrdiff_t>(layout_.iv_bytes);
    auto* at = std::copy(salt_end, nonce.end(), bytes_.data() + sizeof(tls_crypto_info));
    at = std::ranges::copy(keys.key(), at).out;
    at = std::copy(nonce.begin(), salt_end, at);
    for (std::size_t i = 0; i < kNumberBytes; ++i) {
      at[i] = static_cast<std::uint8_t>(keys.passed() >> (kByteBits * (kNumberBytes - 1 - i)));
    }
  }
  // Of the next record.
  [[nodiscard]] std::uint64_t number() const noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = size() - kNumberBytes; i < size(); ++i) {
      number = number << kByteBits | bytes_[i];
    }
    return number;
  }
  [[nodiscard]] std::uint8_t* data() noexcept { return bytes_.data(); }
  [[nodiscard]] socklen_t size() const noexcept {
    return static_cast<socklen_t>(sizeof(tls_crypto_info) + TlsKeys::kNonceBytes + key_bytes_ + kNumberBytes);
  }

 private:
  static constexpr unsigned kByteBits = 8;
  static constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

  const KeyLayout& layout_;
  std::size_t key_bytes_;
  std::array<std::uint8_t,
             sizeof(tls_crypto_info) + TlsKeys::kNonceBytes + TlsKeys::kMostKeyBytes + kNumberBytes>
      bytes_{};
};

// Of the key that seals: which number its next record has.
std::optional<std::uint64_t> next_record(int fd, TlsSuite suite) noexcept {
  KeyInfo told(suite);
  socklen_t size = told.size();
  return ::getsockopt(fd, kSolTls, TLS_TX, told.data(), &size) == 0 ? std::optional(told.number())
                                                                    : std::nullopt;
}

// Reset, given up, or broken by TLS: what waits will never pass. The error stays for whoever reads or writes.
bool has_failed(int fd) noexcept {
  pollfd asked{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int attach_kernel_tls(int fd) noexcept {
  constexpr char kName[] = "tls";
  return ::setsockopt(fd, IPPROTO_TCP, TCP_ULP, kName, sizeof(kName)) == 0 ? 0 : errno;
}

int set_kernel_keys(int fd, const TlsKeys& keys) noexcept {
  KeyInfo told(keys.suite());
  told.put(keys);
  return ::setsockopt(fd, kSolTls, TLS_TX, told.data(), told.size()) == 0 ? 0 : errno;
}

KernelSealer::KernelSealer(SocketStream& socket, int fd, const TlsKeys& keys,
                           std::uint64_t passed_before) noexcept
    : socket_(socket),
      fd_(fd),
      suite_(keys.suite()),
      first_record_(keys.passed()),
      passed_before_(passed_before) {}

std::unique_ptr<KernelSealer> KernelSealer::begin(SocketStream& socket, int fd,
                                                  const TlsKeys& keys) noexcept {
  const auto passed_before = bytes_given(fd);
  if (!passed_before || attach_kernel_tls(fd) != 0 || set_kernel_keys(fd, keys) != 0) {
    return nullptr;
  }
  return std::unique_ptr<KernelSealer>(new KernelSealer(socket, fd, keys, *passed_before));
}

IoResult KernelSealer::write(std::span<const iovec> parts) noexcept {
  const IoResult result = socket_.write(parts);
  content_ += result.bytes;
  return result;
}

IoResult KernelSealer::write_record(TlsContent type, std::span<const std::uint8_t> content) noexcept {
  iovec part{const_cast<std::uint8_t*>(content.data()), content.size()};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(TlsContent))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = kSolTls;
  header->cmsg_type = TLS_SET_RECORD_TYPE;
  header->cmsg_len = CMSG_LEN(sizeof(type));
  *CMSG_DATA(header) = static_cast<std::uint8_t>(type);
  const IoResult result = socket_.send(message);
  content_ += result.bytes;
  const bool is_cut = result.bytes != 0 && result.bytes != content.size();
  return is_cut ? IoResult{IoStatus::Broken, result.bytes, EMSGSIZE} : result;
}

bool KernelSealer::change_keys(const TlsKeys& keys) noexcept {
  const auto next = next_record(fd_, suite_);
  if (!next || set_kernel_keys(fd_, keys) != 0) {
    return false;
  }
  records_ += *next - first_record_;
  first_record_ = keys.passed();
  return true;
}

TlsSealer::Passed KernelSealer::passed() noexcept {
  const auto next = next_record(fd_, suite_);
  const auto given = bytes_given(fd_);
  if (!next) {
    return Passed::Broken;
  }
  const std::uint64_t sealed = content_ + kAround * (records_ + *next - first_record_);
  if (given && *given >= passed_before_ + sealed) {
    return Passed::All;
  }
  return has_failed(fd_) ? Passed::Broken : Passed::NotAll;
}

}  // namespace limpet::net
