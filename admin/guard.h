// Guard: which requests the admin endpoint looks at, before any of its calls does. A page of another site
// that reaches the endpoint through a browser (DNS rebinding, cross-site requests) is turned away. Pure. Any
// thread.
#pragma once

#include <optional>

#include "admin/source.h"
#include "base/address.h"
#include "http/head.h"

namespace limpet::admin {

// Empty = fine. On TCP the Host must be a loopback address, "localhost" or the address that is listened on;
// behind a Unix socket it says nothing. An Origin on a changing method must be the endpoint itself. A body
// must be application/json.
[[nodiscard]] std::optional<Refusal> check_request(const http::RequestHead& request,
                                                   const SocketAddress& bound);

}  // namespace limpet::admin
