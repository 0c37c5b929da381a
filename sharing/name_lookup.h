// NameLookup: names to addresses, as an interface, so that a test answers by hand. Control.
#pragma once

#include <functional>
#include <string>

#include "net/resolver.h"

namespace limpet::sharing {

class NameLookup {
 public:
  // `done` is called exactly once, on the loop's thread; from inside when it fails at once.
  virtual void look_up(const std::string& name, std::function<void(const net::Resolved&)> done) = 0;

 protected:
  ~NameLookup() = default;
};

// By the system's resolver.
class SystemNames final : public NameLookup {
 public:
  explicit SystemNames(net::UvLoop& loop) noexcept : loop_(loop) {}
  void look_up(const std::string& name, std::function<void(const net::Resolved&)> done) override {
    net::resolve(loop_, name, std::move(done));
  }

 private:
  net::UvLoop& loop_;
};

}  // namespace limpet::sharing
