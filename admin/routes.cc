#include "admin/routes.h"

#include <algorithm>
#include <array>

#include "admin/drain_calls.h"
#include "admin/parameters.h"
#include "admin/publish_call.h"
#include "admin/request_reader.h"
#include "admin/views.h"
#include "base/percent.h"
#include "base/text.h"

namespace limpet::admin {

namespace {

// To whom a call is answered where there is a token.
enum class Openness : std::uint8_t {
  Closed,  // who brings it
  Page,    // everybody: it is the same for all, and a browser that opens a page brings nothing
  Probe,   // everybody, and by any address
};

struct Route {
  std::string_view method;
  std::string_view path;  // {key} takes one segment, which is not empty
  Outcome (*answer)(const Call& call, Source& source);
  std::string_view help;
  bool has_message = false;  // its body is as long as what is published
  Openness openness = Openness::Closed;
};

// The first row that fits counts. A pin whose key is "explain" is reached as /v1/affinity/%65xplain.
constexpr std::array kRoutes{
    Route{"GET", "/", view_dashboard, "the dashboard, a page for people", false, Openness::Page},
    Route{"GET", "/dashboard/{key}", view_dashboard_file, "its files", false, Openness::Page},
    Route{"GET", "/help", view_help, "this page", false, Openness::Page},
    Route{"GET", "/healthz", view_health, "200 while the process is alive", false, Openness::Probe},
    Route{"GET", "/readyz", view_ready, "200 while it accepts clients and a backend can take them, else 503",
          false, Openness::Probe},
    Route{"GET", "/metrics", view_metrics, "counters and gauges for Prometheus"},
    Route{"GET", "/v1/status", view_status, "version, uptime, sessions, totals"},
    Route{"GET", "/v1/history", view_history, "totals of the last hour, every five seconds: since"},
    Route{"GET", "/v1/events", view_events, "recent changes of backends and configuration: since"},
    Route{"GET", "/v1/stream", view_stream,
          "status, backends, history and events as they change (server-sent events): history, events"},
    Route{"GET", "/v1/backends", view_backends, "every backend: health, mode, sessions, last probe"},
    Route{"POST", "/v1/backends/{key}/drain", drain_backend,
          "sends its sessions away at the drain rate, no new ones come: pool; {\"rate\": \"50/s\", "
          "\"close\": true}"},
    Route{"POST", "/v1/backends/{key}/enable", enable_backend, "puts it back into service: pool"},
    Route{"POST", "/v1/backends/{key}/disable", disable_backend,
          "nobody comes, its sessions are sent away within the grace time: pool"},
    Route{"POST", "/v1/backends", add_backend,
          "{\"address\": ...} adds one: also name, pool, weight, max_sessions, send_proxy, tls: {...}"},
    Route{"DELETE", "/v1/backends/{key}", remove_backend,
          "it takes no new clients, and goes with its last: pool"},
    Route{"POST", "/v1/backends/{key}/weight", set_weight, "{\"weight\": 3}: pool"},
    Route{"POST", "/v1/reload", reload,
          "applies the configuration file; plan=true only tells the difference"},
    Route{"GET", "/v1/affinity", view_pins,
          "the affinity table, page by page: limit, cursor, backend, pool, kind"},
    Route{"GET", "/v1/affinity/explain", view_explanation,
          "where a client would go and why: client_ip, cookie, header, query, path, pool; or who would move: "
          "without, with, weight, pool"},
    Route{"GET", "/v1/affinity/{key}", view_pin, "one entry of the affinity table: pool, kind"},
    Route{"PUT", "/v1/affinity/{key}", set_pin,
          "{\"backend\": NAME} pins the key there: pool, kind; \"move\": true sends its live sessions there"},
    Route{"DELETE", "/v1/affinity/{key}", forget_pin, "forgets the pin: pool, kind"},
    Route{"POST", "/v1/upgrade", start_upgrade,
          "starts the program anew and hands over to it; answers when that serves"},
    Route{
        "POST", "/v1/publish", publish,
        "{\"text\": ...} or {\"base64\": ...} goes to every WebSocket client: also pool, backend, route, key",
        true},
    Route{"GET", "/v1/sessions", view_sessions, "live sessions, page by page: limit, cursor, backend, pool"},
    Route{"DELETE", "/v1/sessions/{key}", end_session, "ends one at a frame boundary"},
};

constexpr std::string_view kKeySegment = "{key}";

struct Match {
  bool fits = false;
  std::string_view key{};  // as it stands in the path
};

Match match(std::string_view pattern, std::string_view path) {
  Match found;
  // take_until() does not tell an empty last segment from none.
  if (pattern.ends_with('/') != path.ends_with('/')) {
    return found;
  }
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_until(pattern, '/');
    const std::string_view got = take_until(path, '/');
    if (wanted == kKeySegment && !got.empty()) {
      found.key = got;
    } else if (wanted != got) {
      return {};
    }
  }
  found.fits = pattern.empty() && path.empty();
  return found;
}

bool takes(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

void add_method(std::string& allow, std::string_view method) {
  if (allow.find(method) == std::string::npos) {
    allow.append(allow.empty() ? "" : ", ").append(method);
    allow.append(method == "GET" ? ", HEAD" : "");
  }
}

Openness openness_of(const http::RequestHead& request) {
  const auto row = std::ranges::find_if(kRoutes, [&](const Route& one) {
    return takes(one, request.method) && match(one.path, request.path).fits;
  });
  return row != kRoutes.end() ? row->openness : Openness::Closed;
}

Answer not_found(std::string_view allow) {
  if (allow.empty()) {
    return to_answer({404, "not_found", "there is no such call; GET /help lists them"});
  }
  Answer answer = to_answer({405, "method", "this path takes: " + std::string(allow)});
  answer.allow = allow;
  return answer;
}

}  // namespace

Outcome route(Call call, Source& source) {
  std::string allow;
  for (const Route& row : kRoutes) {
    const Match found = match(row.path, call.request.path);
    if (!found.fits) {
      continue;
    }
    if (!takes(row, call.request.method)) {
      add_method(allow, row.method);
      continue;
    }
    auto key = percent_decode(found.key);
    if (!key) {
      return to_answer({400, "key", "a percent sign in the key is not followed by two hex digits"});
    }
    call.key = std::move(*key);
    return row.answer(call, source);
  }
  return not_found(allow);
}

bool is_open_call(const http::RequestHead& request) {
  return openness_of(request) != Openness::Closed;
}

bool is_probe(const http::RequestHead& request) {
  return openness_of(request) == Openness::Probe;
}

std::size_t most_body_bytes(const http::RequestHead& request, const Source& source) {
  const bool has_message = std::ranges::any_of(kRoutes, [&](const Route& row) {
    return row.has_message && takes(row, request.method) && match(row.path, request.path).fits;
  });
  return has_message ? publish_body_bytes(source.most_message_bytes()) : RequestReader::kMostBodyBytes;
}

Answer help_page() {
  std::string page =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
      "<title>limpet: calls</title>"
      "<h1>limpet</h1><p><a href=\"/\">dashboard</a></p><table>";
  for (const Route& row : kRoutes) {
    page.append("<tr><td>").append(row.method).append("<td><code>").append(row.path).append("</code><td>");
    page.append(row.help).append("\n");
  }
  page.append("</table></html>\n");
  return {.status = 200, .content_type = kHtmlType, .body = std::move(page), .allow = {}};
}

}  // namespace limpet::admin
