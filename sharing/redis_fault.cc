#include "sharing/redis_fault.h"

#include <algorithm>
#include <array>

#include "base/row_order.h"
#include "base/text.h"

namespace limpet::sharing {

namespace {

using enum RedisFault;
using enum RedisRemedy;

struct Row {
  RedisFault fault;
  std::string_view word;
  std::string_view phrase;
};

constexpr std::array<Row, kRedisFaultCount> kRows{{
    {Refused, "refused", "nobody listens there"},
    {Unresolved, "unresolved", "the name has no address"},
    {Timeout, "timeout", "no answer in time"},
    {Auth, "auth", "the user or the password is not accepted, or the user may not do that"},
    {Protocol, "protocol", "what it answers is not what a Redis says"},
    {Closed, "closed", "the connection was closed"},
    {Tls, "tls", "no TLS connection came about"},
    {ReadOnly, "read_only", "it takes no writes"},
    {Loading, "loading", "it is not ready yet"},
    {OutOfMemory, "out_of_memory", "it has no memory left for writes"},
    {Moved, "moved", "another node of the cluster has the keys"},
    {NoMaster, "no_master", "no master is known"},
}};

static_assert(rows_are_in_order(kRows, &Row::fault), "the rows stand in the order of the enumeration");

struct ErrorRow {
  std::string_view code;
  KnownError known;
};

// The first word of an error answer.
constexpr auto kErrors = std::to_array<ErrorRow>({
    {"NOAUTH", {Auth, Return}},
    {"WRONGPASS", {Auth, Return}},
    {"DENIED", {Auth, Return}},  // protected mode
    {"NOPERM", {Auth, Stay}},    // of one command or key
    {"READONLY", {ReadOnly, Return}},
    {"MASTERDOWN", {ReadOnly, Return}},  // a replica that has lost its master
    {"UNBLOCKED", {ReadOnly, Return}},   // it has just become a replica
    {"NOREPLICAS", {ReadOnly, Stay}},
    {"MISCONF", {ReadOnly, Stay}},  // it cannot write to its disk
    {"LOADING", {Loading, Return}},
    {"BUSY", {Loading, Stay}},  // a script keeps it
    {"OOM", {OutOfMemory, Stay}},
    {"MOVED", {Moved, Follow}},
    {"ASK", {Moved, Stay}},
    {"TRYAGAIN", {Moved, Stay}},
    {"CLUSTERDOWN", {NoMaster, Stay}},
});

}  // namespace

std::string_view word(RedisFault fault) noexcept {
  return kRows[static_cast<std::size_t>(fault)].word;
}

std::string_view phrase(RedisFault fault) noexcept {
  return kRows[static_cast<std::size_t>(fault)].phrase;
}

std::optional<KnownError> known_error(const Reply& reply) noexcept {
  if (!reply.is_error()) {
    return std::nullopt;
  }
  std::string_view rest = reply.text;
  const std::string_view code = take_until(rest, ' ');
  const auto* const row = std::ranges::find(kErrors, code, &ErrorRow::code);
  return row == kErrors.end() ? std::nullopt : std::optional(row->known);
}

}  // namespace limpet::sharing
