// A real redis-server of the test's own: on a port that was free, in a folder of its own, ended with the
// test.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "net/fd.h"
#include "tests/support/catch.h"

namespace limpet::sharing::testing {

inline std::uint16_t free_port() {
  const net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  socklen_t length = SocketAddress(*IpAddress::parse("127.0.0.1"), 0).to_native(native);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  length = sizeof(native);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&native), &length) == 0);
  return SocketAddress::from_native(native, length).port();
}

class RedisServer {
 public:
  // Lines of its configuration, beside those that make it small and local. A Sentinel is one with a line
  // that begins with "sentinel".
  explicit RedisServer(std::vector<std::string> lines = {}) : lines_(std::move(lines)), port_(free_port()) {
    std::string folder = (std::filesystem::temp_directory_path() / "limpet-redis-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    write_configuration();
    start();
  }
  ~RedisServer() {
    end();
    std::filesystem::remove_all(folder_);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + port(); }
  [[nodiscard]] std::string socket() const { return folder_ + "/redis.sock"; }

  // Its log has such a line.
  [[nodiscard]] bool logged(const std::string& text) const {
    std::ifstream file(folder_ + "/log");
    const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return all.find(text) != std::string::npos;
  }

  void start() {
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      become_server();
    }
  }
  // As kill -9.
  void end() {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void freeze() const { signal(SIGSTOP); }
  void thaw() const { signal(SIGCONT); }

 private:
  [[nodiscard]] bool is_sentinel() const { return !lines_.empty() && lines_.front().starts_with("sentinel"); }
  [[nodiscard]] std::string configuration() const { return folder_ + "/redis.conf"; }

  void write_configuration() const {
    std::ofstream file(configuration());
    file << "bind 127.0.0.1\ndir " << folder_ << "\n";
    const bool by_tls = std::any_of(lines_.begin(), lines_.end(),
                                    [](const std::string& line) { return line.starts_with("tls-"); });
    file << (by_tls ? "port 0\ntls-port " : "port ") << port_ << "\n";
    if (!is_sentinel()) {
      file << "save \"\"\nappendonly no\nunixsocket " << socket() << "\n";
    }
    for (const std::string& line : lines_) {
      file << line << "\n";
    }
  }

  [[noreturn]] void become_server() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    const std::string file = configuration();
    const char* const mode = is_sentinel() ? "--sentinel" : nullptr;
    ::execlp("redis-server", "redis-server", file.c_str(), mode, nullptr);
    ::_exit(127);
  }

  void signal(int number) const {
    if (pid_ > 0) {
      ::kill(pid_, number);
    }
  }

  std::vector<std::string> lines_;
  std::uint16_t port_;
  std::string folder_;
  pid_t pid_ = -1;
};

}  // namespace limpet::sharing::testing
