// The file of cookie keys: reading it, and making it at the first start. Declared in cookie_codec.h.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "affinity/cookie_codec.h"
#include "base/hex.h"
#include "base/text.h"

namespace limpet::affinity {

namespace {

// Far more keys than anybody rotates; keeps a wrong path (a log, a device) from filling memory.
constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024;
constexpr mode_t kOwnerOnly = 0600;

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

Error file_error(int error_number, std::string_view what, const std::string& path, std::string_view remedy) {
  Error error = system_error(error_number, Side::Self, std::string(what) + " cookie key file " + path);
  error.code = error_number == ENOENT ? ErrorCode::NotFound : error.code;
  error.detail += "; " + std::string(remedy);
  return error;
}

Error line_error(const std::string& path, std::size_t line, std::string_view what) {
  return Error{ErrorCode::Malformed, Side::Self,
               "cookie key file " + path + ", line " + std::to_string(line) + ": " + std::string(what) +
                   "; write one key a line as 64 hex digits (openssl rand -hex 32)"};
}

Result<std::string> read_text(const std::string& path) {
  constexpr std::string_view kRemedy = "make it readable for limpet or change affinity.cookie.secret_file";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    return file_error(errno, "cannot open", path, kRemedy);
  }
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return file_error(errno, "cannot read", path, kRemedy);
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) {
    return Error{ErrorCode::TooLarge, Side::Self,
                 "cookie key file " + path +
                     " is larger than 64 KiB; affinity.cookie.secret_file must name a file of keys"};
  }
  text.resize(size);
  return text;
}

std::optional<crypto::Key> parse_key(std::string_view digits) noexcept {
  crypto::Key key{};
  return read_hex(digits, key) ? std::optional(key) : std::nullopt;
}

Result<std::vector<crypto::Key>> parse_keys(const std::string& path, std::string_view text) {
  std::vector<crypto::Key> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_until(text, '\n');
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    line = trim_ows(line);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::optional<crypto::Key> key = parse_key(line);
    if (!key) {
      // The line itself is not shown: it may be a key with a typing error.
      return line_error(path, number, "not a key (" + std::to_string(line.size()) + " characters)");
    }
    keys.push_back(*key);
  }
  if (keys.empty()) {
    return line_error(path, 1, "there is no key in the file");
  }
  return keys;
}

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
  return true;
}

// Writes a fresh key to `path`, which must not exist. Returns 0 or errno.
int write_new_key(const std::string& path) {
  crypto::Key key{};
  crypto::random_bytes(key);
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
  const bool written = file.is_open() && write_all(file.get(), hex(key) + "\n") && ::fsync(file.get()) == 0;
  return written ? 0 : errno;
}

// A link is made only where there is nothing yet, and shows a complete file or none: of two processes that
// start at once one wins and the other then reads the winner's key.
std::optional<Error> make_key_file(const std::string& path) {
  constexpr std::string_view kRemedy =
      "let limpet write to that folder or change affinity.cookie.secret_file";
  std::error_code ignored;  // a missing folder shows in the open below
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, ignored);
  }
  const std::string draft = path + "." + CookieCodec::new_key_text();
  const int write_error = write_new_key(draft);
  const int link_error = write_error == 0 && ::link(draft.c_str(), path.c_str()) != 0 ? errno : 0;
  ::unlink(draft.c_str());
  if (write_error != 0) {
    return file_error(write_error, "cannot make", path, kRemedy);
  }
  if (link_error != 0 && link_error != EEXIST) {
    return file_error(link_error, "cannot make", path, kRemedy);
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<crypto::Key>> read_key_file(const std::string& path) {
  const Result<std::string> text = read_text(path);
  if (!text) {
    return text.error();
  }
  return parse_keys(path, *text);
}

Result<std::vector<crypto::Key>> read_or_make_key_file(const std::string& path) {
  Result<std::vector<crypto::Key>> keys = read_key_file(path);
  if (keys || keys.error().code != ErrorCode::NotFound) {
    return keys;
  }
  if (const std::optional<Error> error = make_key_file(path)) {
    return *error;
  }
  return read_key_file(path);
}

}  // namespace limpet::affinity
