// What the commands that ask a running limpet have in common: where it is, the call, the answer or what was
// wrong. Command line, one thread.
#pragma once

#include <string>
#include <string_view>

#include "admin/json.h"
#include "app/admin_client.h"
#include "app/exit_codes.h"

namespace CLI {
class App;
}

namespace limpet::app {

struct AdminOptions {
  std::string admin = "http://127.0.0.1:9900";
  std::string token_file;
  bool json = false;
};

// One command that has run: what was answered, or the exit code and what was wrong.
struct Fetched {
  int exit_code = kFine;
  std::string problem{};
  admin::Json json{};
};

// A subcommand with the options above. They outlive the parsing.
[[nodiscard]] CLI::App* add_admin_command(CLI::App& app, AdminOptions& options, const std::string& name,
                                          const std::string& help);

// Any answer but a success is a problem, and its sentence is told; but 422 (a file with mistakes) is an
// answer that tells them, and a failure all the same.
[[nodiscard]] Fetched fetch(const AdminOptions& options, const AdminCall& call);
// Prints and answers the exit code. `to_text` is for people.
[[nodiscard]] int report(const AdminOptions& options, const Fetched& fetched,
                         std::string (*to_text)(const admin::Json&));
// Nothing for an empty value.
void add_parameter(std::string& target, std::string_view name, const std::string& value);

}  // namespace limpet::app
