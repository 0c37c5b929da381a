#include "proxy/request_id.h"

#include "base/crypto.h"
#include "base/hex.h"
#include "base/text.h"
#include "http/characters.h"

namespace limpet::proxy {

std::string_view RequestId::text(Hex& hex) const noexcept {
  if (given_ != nullptr) {
    return *given_;
  }
  write_hex(made_, hex.data());
  return {hex.data(), hex.size()};
}

std::string RequestId::text() const {
  Hex hex;
  return std::string(text(hex));
}

std::string_view given_request_id(const http::Fields& fields) noexcept {
  std::string_view given;
  for (const http::Field& field : fields) {
    if (!iequals(field.name, kRequestIdField)) {
      continue;
    }
    if (!given.empty() || field.value.size() > kMostRequestIdBytes || !http::is_token(field.value)) {
      return {};
    }
    given = field.value;
  }
  return given;
}

RequestId RequestIds::make() {
  if (left_ == 0) {
    // One array of bytes: an array of arrays has no gaps.
    crypto::random_bytes({stock_.front().data(), sizeof(stock_)});
    left_ = stock_.size();
  }
  return RequestId(stock_[--left_]);
}

}  // namespace limpet::proxy
