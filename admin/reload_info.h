// What the admin endpoint tells of the configuration and may change of it, as plain values; part of Source.
// Control thread; no call waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/refusal.h"
#include "base/clock.h"

namespace limpet::admin {

struct BackendInfo;
struct BackendChoice;

struct ConfigurationInfo {
  std::string file;  // empty = there is none
  std::uint64_t generation = 0;
  WallTime loaded_at;
  std::string_view by;  // static text
};

// One line of a difference.
struct ChangeInfo {
  std::string_view change;  // static text: added, removed, changed
  std::string key;
  std::string from;
  std::string to;
  std::uint64_t sessions = 0;  // live sessions that feel it
  bool needs_restart = false;
};

// A mistake in the file; lines and columns count from 1, 0 = the file as a whole.
struct FileError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string key;
  std::string message;
};

struct ReloadReport {
  bool applied = false;
  std::uint64_t generation = 0;  // of what runs now
  std::vector<ChangeInfo> changes;
  std::vector<FileError> errors;   // with one of these nothing was changed
  std::vector<ChangeInfo> undone;  // changes made at run time that the file does not have
};

// A backend as a caller describes it: keys and values as a file has them.
struct NewBackend {
  std::string pool;                                         // empty = the only one, or "default"
  std::vector<std::pair<std::string, std::string>> values;  // "tls.ca" is a key of the section "tls"
};

class ConfigurationCalls {
 public:
  // `plan`: tells and changes nothing.
  [[nodiscard]] virtual OrRefusal<ReloadReport> reload(bool plan) = 0;
  // Each answers the backend as it is then.
  [[nodiscard]] virtual OrRefusal<BackendInfo> add_backend(const NewBackend& backend) = 0;
  [[nodiscard]] virtual OrRefusal<BackendInfo> remove_backend(const BackendChoice& choice) = 0;
  [[nodiscard]] virtual OrRefusal<BackendInfo> set_weight(const BackendChoice& choice,
                                                          const std::string& weight) = 0;

 protected:
  ~ConfigurationCalls() = default;
};

}  // namespace limpet::admin
