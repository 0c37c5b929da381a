// StrictReader: what a strict RFC 9112 server makes of the bytes that reach it. Written apart from limpet's
// own parsers, so that both would have to be wrong in the same way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace limpet::test {

struct ReadRequest {
  std::string method;
  std::string target;
  std::string body;
  bool is_upgrade = false;
  bool is_complete = false;  // its body too
};

class StrictReader {
 public:
  // Reads on behind what it has been shown before; `all` is everything since the connection began. Behind an
  // upgrade request come more requests, unless the server `may_have_switched`: then anything may come.
  void read(std::string_view all, bool may_have_switched);

  // Empty = everything so far is a sequence of requests, the last perhaps not whole yet.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  [[nodiscard]] const std::vector<ReadRequest>& requests() const noexcept { return requests_; }

 private:
  bool read_head(std::string_view& rest);
  bool read_body(std::string_view& rest);
  bool read_chunk(std::string_view& rest);
  bool read_field(std::string_view line);
  bool refuse(std::string why);

  std::vector<ReadRequest> requests_;
  std::string fault_;
  std::size_t seen_ = 0;
  bool in_body_ = false;
  bool is_chunked_ = false;
  bool in_trailers_ = false;
  std::size_t left_ = 0;  // of a body with a length
  int lengths_ = 0;
  int codings_ = 0;
  int hosts_ = 0;
};

}  // namespace limpet::test
