// RequestReader: turns the bytes of one client into requests, one at a time, head and body whole and bounded.
// What comes behind a request waits. Owned by a Connection. Pure. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/guard.h"
#include "admin/source.h"
#include "http/body_framer.h"
#include "http/head.h"
#include "http/head_parser.h"

namespace limpet::admin {

class RequestReader {
 public:
  static constexpr http::HeadLimits kHeadLimits{.bytes = 16 * 1024, .fields = 100};
  // The largest body that a call has is a few hundred bytes, but for what is published.
  static constexpr std::size_t kMostBodyBytes = 64 * 1024;

  // How long the body of a call may be.
  using BodyBound = std::function<std::size_t(const http::RequestHead&)>;

  // `access` outlives the reader. Without `body_bound`: kMostBodyBytes.
  explicit RequestReader(const Access& access, BodyBound body_bound = {}) noexcept
      : access_(access), body_bound_(std::move(body_bound)) {}

  void add(std::string_view bytes) { inbox_.append(bytes); }

  enum class Step : std::uint8_t {
    NeedMore,
    AwaitsGo,  // the client sends its body after "100 Continue"; call next() again
    Complete,  // request() and body() are valid until the next call
    Refused,   // see refusal(); nothing further may be read from this client
  };
  [[nodiscard]] Step next();

  [[nodiscard]] const http::RequestHead& request() const noexcept { return request_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }
  // Of the request that was read last, also when it was refused.
  [[nodiscard]] bool keeps_alive() const noexcept { return keeps_alive_; }
  [[nodiscard]] bool is_head_method() const noexcept { return is_head_method_; }
  // Between two requests: not a byte of the next one is there.
  [[nodiscard]] bool is_idle() const noexcept { return !in_body_ && inbox_.empty(); }

 private:
  [[nodiscard]] Step read_head();
  [[nodiscard]] Step begin_body();
  [[nodiscard]] Step read_body();
  [[nodiscard]] Step refuse(Refusal refusal);
  [[nodiscard]] Step refuse_body();
  [[nodiscard]] Step refuse(CloseReason reason, std::string_view detail);

  const Access& access_;
  BodyBound body_bound_;
  std::size_t most_body_bytes_ = kMostBodyBytes;  // of the request under way
  std::string inbox_;                             // added and not taken yet
  http::HeadEnd head_end_;
  std::string head_text_;  // of the request under way; request_ points into it
  http::RequestHead request_;
  http::BodyFramer framer_;
  std::string body_;
  Refusal refusal_;
  bool in_body_ = false;
  bool keeps_alive_ = false;
  bool is_head_method_ = false;
};

}  // namespace limpet::admin
