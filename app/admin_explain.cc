// What decide() would say of a client, with every step. Declared in admin_pins.h.
#include <array>
#include <string>
#include <utility>

#include "app/admin_pins.h"

namespace limpet::app {

namespace {

using admin::ExplainQuery;
using admin::OrRefusal;
using admin::Refusal;
using affinity::PoolView;

// The request that is decided on; its head points into the texts.
struct MadeUpRequest {
  std::string cookie;
  std::string query;
  std::string target;
  http::RequestHead head;
};

// A value counts only where the pool looks at it: an answer about something else would mislead.
std::optional<Refusal> check_rule(const PoolView& pool, const ExplainQuery& query) {
  using By = settings::AffinityBy;
  struct Row {
    bool is_given;
    By by;
    std::string_view name;
  };
  const std::array rows{Row{query.cookie.has_value(), By::Cookie, "cookie"},
                        Row{query.header.has_value(), By::Header, "header"},
                        Row{query.query.has_value(), By::Query, "query"},
                        Row{query.path.has_value(), By::Path, "path"}};
  for (const Row& row : rows) {
    if (row.is_given && row.by != pool.rule.by) {
      return Refusal{400, std::string(row.name),
                     "the pool \"" + pool.name + "\" has another affinity than by " + std::string(row.name)};
    }
  }
  if (query.path && !query.path->starts_with('/')) {
    return Refusal{400, "path", "path begins with a slash"};
  }
  return std::nullopt;
}

void make_up(MadeUpRequest& made, const PoolView& pool, const ExplainQuery& query) {
  made.head.method = "GET";
  if (query.cookie) {
    made.cookie = pool.rule.cookie.name + "=" + *query.cookie;
    made.head.fields.add({"Cookie", made.cookie});
  }
  if (query.header) {
    made.head.fields.add({pool.rule.by_name, *query.header});
  }
  if (query.query) {
    made.query = pool.rule.by_name + "=" + *query.query;
    made.head.query = made.query;
  }
  made.head.path = query.path ? std::string_view(*query.path) : std::string_view("/");
  made.target = std::string(made.head.path) + (made.query.empty() ? "" : "?" + made.query);
  made.head.target = made.target;
}

std::string reason_of(const affinity::Decision& decision) {
  switch (decision.outcome) {
    case affinity::Outcome::Chosen:
      return std::string(word(decision.reason));
    case affinity::Outcome::NoBackends:
      return "no_backend";
    case affinity::Outcome::StrictPin:
      return "strict";
  }
  return {};
}

}  // namespace

OrRefusal<admin::Explanation> explain(const PinContext& context, const ExplainQuery& query) {
  const auto located = locate_pool(context.snapshot, query.pool);
  if (const auto* const refusal = std::get_if<Refusal>(&located)) {
    return *refusal;
  }
  const PoolView& pool = *std::get<const PoolView*>(located);
  if (const auto refusal = check_rule(pool, query)) {
    return *refusal;
  }
  MadeUpRequest made;
  make_up(made, pool, query);
  const affinity::Request request{
      .client = {.address = query.client_ip.value_or(IpAddress{}), .request = made.head},
      .now = context.now,
      .wall_now = context.wall_now,
      .random = 0};
  affinity::Identity identity = affinity::identify(pool, request);
  const bool is_of_no_address =
      identity.key && identity.key->kind == affinity::KeyKind::ClientIp && !query.client_ip;
  if (is_of_no_address || identity.key_is_new) {
    identity.key.reset();  // the client that was described has no key
  }
  admin::Explanation explanation{
      .pool = pool.name, .key = identity.key, .steps = {}, .backend = {}, .reason = {}};
  const affinity::Decision decision =
      affinity::decide(pool, identity, request, context.table, {.tried = {}, .trace = &explanation.steps});
  explanation.backend = decision.backend != nullptr ? decision.backend->spec.name : std::string();
  explanation.reason = reason_of(decision);
  return explanation;
}

}  // namespace limpet::app
