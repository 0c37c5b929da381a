#include "app/admin_token.h"

#include "settings/token_file.h"

namespace limpet::app {

Result<std::string> admin_token(const std::string& file, const char* environment) {
  if (!file.empty()) {
    auto token = settings::read_token_file(file);
    return token.ok() ? token
                      : Error{token.error().code, Side::Self, "--token-file: " + token.error().detail};
  }
  const std::string given = environment == nullptr ? "" : environment;
  if (!given.empty() && !settings::is_bearer_token(given)) {
    // Not shown: it may be a token with a typing error.
    return Error{ErrorCode::Invalid, Side::Self,
                 "LIMPET_ADMIN_TOKEN is no token: expected 16 to 1024 letters, digits or -._~+/"};
  }
  return given;
}

}  // namespace limpet::app
