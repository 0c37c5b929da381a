#include "app/start_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace limpet::app {

namespace {

constexpr int kLineNumber = 3;
constexpr const char* kLineVariable = "LIMPET_HANDOVER";
constexpr std::string_view kLineValue = "3";

bool is_program(const std::string& path) {
  std::error_code ignored;
  return ::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, ignored);
}

std::vector<std::string> arguments_of_process() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> arguments;
  for (std::string_view rest = text; !rest.empty();) {
    arguments.emplace_back(take_until(rest, '\0'));
  }
  return arguments;
}

// What was meant for this process alone is left out.
std::vector<std::string> environment_of_successor() {
  constexpr std::array<std::string_view, 6> kOwn{"WATCHDOG_PID=",   "LISTEN_PID=",      "LISTEN_FDS=",
                                                 "LISTEN_FDNAMES=", "LIMPET_HANDOVER=", "LISTEN_PIDFDID="};
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    bool is_own = false;
    for (const std::string_view name : kOwn) {
      is_own = is_own || text.starts_with(name);
    }
    if (!is_own) {
      variables.emplace_back(text);
    }
  }
  variables.push_back(std::string(kLineVariable) + "=" + std::string(kLineValue));
  return variables;
}

// What exec() wants; points into `texts`.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Descriptors and signals of a process that is to be started, freed at the end.
class SpawnRules {
 public:
  explicit SpawnRules(int line) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, line, kLineNumber);
    // Ours are closed there by themselves; those of libraries (a log file) may not be.
    posix_spawn_file_actions_addclosefrom_np(&actions_, kLineNumber + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnRules() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnRules(const SpawnRules&) = delete;
  SpawnRules& operator=(const SpawnRules&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

std::optional<std::string> find_program(std::string_view name, std::string_view folder,
                                        std::string_view search_path) {
  const std::filesystem::path here(folder);
  if (name.find('/') != std::string_view::npos) {
    return (here / name).lexically_normal().string();
  }
  while (!search_path.empty() && !name.empty()) {
    const std::string candidate = (here / take_until(search_path, ':') / name).lexically_normal().string();
    if (is_program(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

Result<StartCommand> StartCommand::of_this_process() {
  StartCommand command{.program = {}, .arguments = arguments_of_process()};
  std::error_code failed;
  const std::string folder = std::filesystem::current_path(failed).string();
  const char* const search_path = std::getenv("PATH");
  if (!command.arguments.empty() && !failed) {
    command.program =
        find_program(command.arguments.front(), folder, search_path != nullptr ? search_path : "")
            .value_or(std::string());
  }
  if (command.program.empty()) {
    return Error{ErrorCode::NotFound, Side::Self, "how this process was started cannot be told"};
  }
  return command;
}

Result<pid_t> start_successor(const StartCommand& command, const net::Fd& socket) {
  auto arguments = command.arguments;
  auto variables = environment_of_successor();
  const SpawnRules rules(socket.get());
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command.program.c_str(), rules.actions(), rules.attributes(),
                                pointers_to(arguments).data(), pointers_to(variables).data());
  if (error != 0) {
    return system_error(error, Side::Self, "cannot start " + command.program);
  }
  return pid;
}

net::Fd line_to_predecessor() {
  const char* const value = std::getenv(kLineVariable);
  const bool is_told = value != nullptr && value == kLineValue;
  unsetenv(kLineVariable);
  int type = 0;
  socklen_t length = sizeof(type);
  if (!is_told || getsockopt(kLineNumber, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
      type != SOCK_SEQPACKET) {
    return {};
  }
  fcntl(kLineNumber, F_SETFD, FD_CLOEXEC);
  return net::Fd(kLineNumber);
}

}  // namespace limpet::app
