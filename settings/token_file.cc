#include "settings/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/text.h"

namespace limpet::settings {

namespace {

// The line with some white space around it. Whatever stands behind it is not read.
constexpr std::size_t kReadBytes = 2 * kLongestToken;
constexpr mode_t kForbiddenMode = S_IRWXO | S_IWGRP | S_IXGRP;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

Error file_error(int error_number, std::string_view what, const std::string& path) {
  Error error = system_error(error_number, Side::Self, std::string(what) + " the token file " + path);
  error.detail += "; make one with: (umask 077; openssl rand -hex 32 > " + path + ")";
  return error;
}

Error refusal(const std::string& path, std::string_view what) {
  return Error{ErrorCode::Invalid, Side::Self, "the token file " + path + " " + std::string(what)};
}

bool is_token_letter(char c) noexcept {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) ||
         std::string_view("-._~+/").find(c) != std::string_view::npos;
}

std::string octal(mode_t mode) {
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "%04o", static_cast<unsigned>(mode & ALLPERMS));
  return digits.data();
}

}  // namespace

bool is_bearer_token(std::string_view text) noexcept {
  const bool good_length = text.size() >= kShortestToken && text.size() <= kLongestToken;
  const std::size_t last = text.find_last_not_of('=');
  const std::string_view letters = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return good_length && !letters.empty() && std::ranges::all_of(letters, is_token_letter);
}

Result<std::string> read_token_file(const std::string& path) {
  // Without O_NONBLOCK a pipe would be waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return file_error(errno, "cannot open", path);
  }
  const std::unique_ptr<std::FILE, CloseFile> file(::fdopen(descriptor, "rb"));
  struct stat facts {};
  if (!file || ::fstat(descriptor, &facts) != 0) {
    return file_error(errno, "cannot read", path);
  }
  if (!S_ISREG(facts.st_mode)) {
    return refusal(path, "is not a regular file");
  }
  if ((facts.st_mode & kForbiddenMode) != 0) {
    return refusal(path, "is open to others (mode " + octal(facts.st_mode) + "): chmod 600 " + path);
  }
  std::array<char, kReadBytes> bytes{};
  const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), file.get());
  if (std::ferror(file.get()) != 0) {
    return file_error(errno, "cannot read", path);
  }
  std::string_view text(bytes.data(), size);
  std::string_view line = take_until(text, '\n');
  line = trim_ows(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
  if (!is_bearer_token(line)) {
    // The line itself is not shown: it may be a token with a typing error.
    return refusal(path, "must begin with a line of " + std::to_string(kShortestToken) + " to " +
                             std::to_string(kLongestToken) +
                             " letters, digits or -._~+/ (openssl rand -hex 32), found one of " +
                             std::to_string(line.size()) + " characters");
  }
  return std::string(line);
}

}  // namespace limpet::settings
