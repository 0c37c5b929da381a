// What the admin endpoint asks and tells of a pool with other backends. Plain values. Control thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/refusal.h"

namespace limpet::admin {

// At least one of the two names is there.
struct ForecastQuery {
  std::string pool{};     // empty = the only one, or that of `without`
  std::string without{};  // a backend that is taken out
  std::string with{};     // one that is put in
  std::uint32_t weight = 1;
};

struct ForecastMove {
  std::string from;      // empty when that backend is gone
  std::string to;        // empty: nobody would take them
  bool at_once = false;  // with the next request; else when its pin has ended
  std::uint64_t keys = 0;
  std::uint64_t sessions = 0;
};

struct ForecastInfo {
  ForecastQuery query;     // with its pool
  std::uint64_t keys = 0;  // live pins of the pool
  std::uint64_t sessions = 0;
  std::vector<ForecastMove> moves;
};

class ForecastWaiter {
 public:
  virtual void on_forecast(const OrRefusal<ForecastInfo>& forecast) = 0;

 protected:
  ~ForecastWaiter() = default;
};

class ForecastCalls {
 public:
  // Answers through `waiter`, once, now or later, unless drop() comes first.
  virtual void forecast(const ForecastQuery& query, ForecastWaiter& waiter) = 0;
  virtual void drop(ForecastWaiter& waiter) = 0;

 protected:
  ~ForecastCalls() = default;
};

}  // namespace limpet::admin
