// Heads of HTTP/1.x messages as parsed views (RFC 9112 2.1, 3, 4, 5). Everything points into the bytes of the
// head, which the caller keeps for as long as it uses the head; a head object is reused for message after
// message. Pure. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/close_reason.h"

namespace limpet::http {

struct Field {
  std::string_view name;   // as received, a token
  std::string_view value;  // without the white space around it
};

class Fields {
 public:
  [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] auto end() const noexcept { return fields_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  // The first field of that name (case does not matter), or nullptr.
  [[nodiscard]] const Field* find(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  // True when one of the comma-separated elements of any field `name` equals `token` (case does not matter).
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;

  void clear() noexcept { fields_.clear(); }  // keeps the capacity
  void add(Field field) { fields_.push_back(field); }

 private:
  std::vector<Field> fields_;
};

enum class Version : std::uint8_t { Http10, Http11 };

// How the end of a body is known (RFC 9112 6.3).
enum class Framing : std::uint8_t { None, Length, Chunked, UntilClose };

struct BodyPlan {
  Framing framing = Framing::None;
  std::uint64_t length = 0;  // with Framing::Length
};

struct RequestHead {
  std::string_view method;
  std::string_view
      target;  // as received; origin-form (or "*"), an absolute form is cut down to its origin-form
  std::string_view path;   // of target, without the query
  std::string_view query;  // without '?', empty when there is none
  std::string_view host;   // the value of Host, with its port
  Version version = Version::Http11;
  Fields fields;
  BodyPlan body;
  bool keep_alive = true;     // the client lets the connection be used again (RFC 9112 9.3)
  bool asks_upgrade = false;  // an Upgrade field whose token is also named in Connection

  [[nodiscard]] bool is_head() const noexcept { return method == "HEAD"; }
  // Idempotent by definition (RFC 9110 9.2.2): may be sent again after a connection died.
  [[nodiscard]] bool is_idempotent() const noexcept;
  [[nodiscard]] std::string_view host_without_port() const noexcept;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  Version version = Version::Http11;
  Fields fields;
  BodyPlan body;           // already minds HEAD, 1xx, 204 and 304
  bool keep_alive = true;  // the backend lets the connection be used again
  // From a Keep-Alive field's timeout=N (Node sends it): how long the backend keeps an idle connection.
  std::optional<std::uint32_t> keep_alive_s;
};

struct HeadLimits {
  std::size_t bytes = std::size_t{16} * 1024;  // start line and fields with the blank line
  std::size_t fields = 100;
};

}  // namespace limpet::http
