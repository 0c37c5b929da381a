// A stream below which records are made as the kernel makes them, in a hand of its own: what it has taken may
// wait for room.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "net/stream.h"
#include "net/tls_keys.h"

namespace limpet::test {

class StandInSealer final : public net::TlsSealer {
 public:
  struct Orders {
    bool takes_next_key = true;
  };

  StandInSealer(net::Stream& below, const net::TlsKeys& keys, Orders& orders)
      : below_(below), orders_(orders) {
    take(keys);
  }

  net::IoResult write(std::span<const iovec> parts) noexcept override {
    if (const Passed before = passed(); before != Passed::All) {
      return before == Passed::Broken ? net::IoResult{net::IoStatus::Broken, 0, EPIPE} : net::IoResult{};
    }
    std::string content;
    for (const iovec& part : parts) {
      content.append(static_cast<const char*>(part.iov_base), part.iov_len);
    }
    std::size_t taken = 0;
    while (taken < content.size() && passed() == Passed::All) {
      const std::size_t size = std::min(content.size() - taken, std::size_t{16384});
      make_record(23, content.substr(taken, size));
      taken += size;
    }
    return {net::IoStatus::Done, taken, 0};
  }
  net::IoResult write_record(net::TlsContent type, std::span<const std::uint8_t> content) noexcept override {
    if (const Passed before = passed(); before != Passed::All) {
      return before == Passed::Broken ? net::IoResult{net::IoStatus::Broken, 0, EPIPE} : net::IoResult{};
    }
    const std::string text(reinterpret_cast<const char*>(content.data()), content.size());
    make_record(static_cast<char>(type), text);
    return {net::IoStatus::Done, content.size(), 0};
  }
  bool change_keys(const net::TlsKeys& keys) noexcept override {
    if (orders_.takes_next_key) {
      take(keys);
    }
    return orders_.takes_next_key;
  }
  Passed passed() noexcept override {
    if (!waiting_.empty()) {
      const net::IoResult result = below_.write(bytes_of(waiting_));
      is_broken_ |= result.status == net::IoStatus::Broken;
      waiting_.erase(0, result.bytes);
    }
    return is_broken_ ? Passed::Broken : waiting_.empty() ? Passed::All : Passed::NotAll;
  }

 private:
  void take(const net::TlsKeys& keys) {
    const char* const names[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    cipher_ = names[static_cast<int>(keys.suite())];
    key_.assign(reinterpret_cast<const char*>(keys.key().data()), keys.key().size());
    iv_ = keys.iv();
    number_ = keys.passed();
  }
  void make_record(char type, std::string content) {
    content += type;
    const std::size_t size = content.size() + 16;
    std::string record{23, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size)};
    auto nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i) {
      nonce[11 - i] ^= static_cast<std::uint8_t>(number_ >> (8 * i));
    }
    ++number_;
    EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, cipher_, nullptr);
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    int length = 0;
    EVP_EncryptInit_ex2(context, cipher, bytes_of(key_).data(), nonce.data(), nullptr);
    EVP_EncryptUpdate(context, nullptr, &length, bytes_of(record).data(), 5);
    std::string sealed(content.size() + 16, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    EVP_EncryptUpdate(context, out, &length, bytes_of(content).data(), static_cast<int>(content.size()));
    EVP_EncryptFinal_ex(context, out + length, &length);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + content.size());
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    waiting_ += record + sealed;
    static_cast<void>(passed());
  }

  net::Stream& below_;
  Orders& orders_;
  const char* cipher_ = nullptr;
  std::string key_;
  net::TlsKeys::Nonce iv_{};
  std::uint64_t number_ = 0;
  std::string waiting_;
  bool is_broken_ = false;
};

// Passes everything on, but that it takes the sealing over.
class SealingStream final : public net::Stream, public net::Disposable, private net::StreamEvents {
 public:
  static net::StreamPtr over(net::StreamPtr below, StandInSealer::Orders& orders) {
    return net::StreamPtr(new SealingStream(std::move(below), orders));
  }

  void watch(bool readable, bool writable) noexcept override { below_->watch(readable, writable); }
  net::IoResult read(std::span<std::uint8_t> into) noexcept override { return below_->read(into); }
  net::IoResult write(std::span<const std::uint8_t> bytes) noexcept override { return below_->write(bytes); }
  net::IoResult write(std::span<const iovec> parts) noexcept override { return below_->write(parts); }
  bool looks_alive() noexcept override { return below_->looks_alive(); }
  int take_socket_error() noexcept override { return below_->take_socket_error(); }
  void shutdown_write() noexcept override { below_->shutdown_write(); }
  net::IoResult write_last(std::span<const std::uint8_t> bytes) noexcept override {
    return below_->write_last(bytes);
  }
  void reset_on_close() noexcept override { below_->reset_on_close(); }
  net::Loop& loop() const noexcept override { return below_->loop(); }
  std::unique_ptr<net::TlsSealer> hand_over_sealing(const net::TlsKeys& keys) noexcept override {
    return std::make_unique<StandInSealer>(*below_, keys, orders_);
  }

 private:
  SealingStream(net::StreamPtr below, StandInSealer::Orders& orders)
      : below_(std::move(below)), orders_(orders) {
    below_->set_events(this);
  }
  void close() noexcept override {
    net::Loop& its_loop = loop();
    set_events(nullptr);
    below_.reset();
    its_loop.bury(std::unique_ptr<net::Disposable>(this));
  }
  void on_readable(net::Stream&) override { events()->on_readable(*this); }
  void on_writable(net::Stream&) override { events()->on_writable(*this); }
  void on_broken(net::Stream&) override { events()->on_broken(*this); }

  net::StreamPtr below_;
  StandInSealer::Orders& orders_;
};

}  // namespace limpet::test
