// Guard: which requests the admin endpoint looks at, before any of its calls does. Who does not know the
// token is turned away, and so is a page of another site that reaches the endpoint through a browser (DNS
// rebinding, cross-site requests). Pure. Any thread.
#pragma once

#include <optional>
#include <string>

#include "admin/source.h"
#include "base/address.h"
#include "http/head.h"

namespace limpet::admin {

// How the endpoint is reached, and what it asks for.
struct Access {
  SocketAddress bound;
  std::string token{};  // empty = none is asked for; else all but open calls need it (RFC 6750 2.1)
};

// Empty = fine. In this order:
//   token   where there is one, a call that is not open must bring it, else 401
//   Host    on TCP without the token: an IP address or "localhost", as no name that leads here by rebinding
//   is
//           either; without a token in use, calls that are no probes want a loopback address, "localhost" or
//           the address that is listened on. Who brings the token may use any name: a rebinding page cannot
//           know it.
//   Origin  on a changing method: none, or the endpoint itself
//   body    application/json
[[nodiscard]] std::optional<Refusal> check_request(const http::RequestHead& request, const Access& access);

}  // namespace limpet::admin
