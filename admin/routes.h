// Routes: which call a request is. One row of the table in routes.cc is a method, a path and the function
// that answers. Pure but for what the Source does. Control thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "admin/answer.h"
#include "admin/event_stream.h"
#include "admin/source.h"
#include "admin/upgrade_call.h"
#include "http/head.h"

namespace limpet::admin {

struct Call {
  const http::RequestHead& request;
  std::string_view body;
  std::string key;  // what {key} of the path stands for, percent-decoded; empty without
};

// An answer, or what has to be asked before there is one.
using Outcome =
    std::variant<Answer, SessionQuery, SessionEnd, UpgradeRequest, PublishOrder, ForecastQuery, StreamQuery>;

[[nodiscard]] Outcome route(Call call, Source& source);

// Whether the call is answered to those who do not know the token, too.
[[nodiscard]] bool is_open_call(const http::RequestHead& request);
// Of these, whether it tells a word to those who watch over the process, by whatever address they know it.
[[nodiscard]] bool is_probe(const http::RequestHead& request);

// The longest body that the call may have.
[[nodiscard]] std::size_t most_body_bytes(const http::RequestHead& request, const Source& source);

// The table as a page for people: GET /help.
[[nodiscard]] Answer help_page();

}  // namespace limpet::admin
