#include "settings/token_file.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

const std::string kToken = "0123456789abcdef";

// A folder of its own with one file in it.
class TokenFile {
 public:
  explicit TokenFile(const std::string& content, mode_t mode = 0600U) {
    REQUIRE(mkdtemp(folder_.data()) != nullptr);
    std::ofstream(path()) << content;
    REQUIRE(::chmod(path().c_str(), mode) == 0);
  }
  ~TokenFile() { std::filesystem::remove_all(folder_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] std::string path() const { return folder_ + "/token"; }

 private:
  std::string folder_ = (std::filesystem::temp_directory_path() / "limpet-token-XXXXXX").string();
};

std::string fault_of(const std::string& path) {
  const auto token = read_token_file(path);
  return token.ok() ? "" : token.error().detail;
}

bool names(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("a token is long enough, and what a Bearer field can carry") {
  for (const std::string& right :
       {kToken, std::string(1024, 'a'), std::string("aZ09-._~+/aZ09-=="), kToken + "="}) {
    INFO(right);
    CHECK(is_bearer_token(right));
  }
  using namespace std::string_literals;
  for (const std::string& wrong :
       {""s, "0123456789abcde"s, std::string(1025, 'a'), std::string(16, '='), "0123456789 abcdef"s,
        "0123456789=abcdef"s, "0123456789abcdef,"s, "0123456789abcdef\0"s, "0123456789abcdef\r"s,
        "0123456789\xc3\xa4\xc3\xa4\xc3\xa4"s}) {
    INFO(wrong);
    CHECK_FALSE(is_bearer_token(wrong));
  }
}

TEST_CASE("the token is the first line of its file, trimmed") {
  for (const std::string& content : {kToken, kToken + "\n", " \t" + kToken + " \r\n",
                                     kToken + "\nsecond line\n", kToken + "\n" + std::string(100'000, 'x')}) {
    const TokenFile file(content);
    const auto token = read_token_file(file.path());
    REQUIRE(token.ok());
    CHECK(*token == kToken);
  }
}

TEST_CASE("a file without a good first line is refused, and the line is not shown") {
  for (const std::string& content :
       {std::string(), std::string("\n"), "\n" + kToken, std::string("short"), kToken + " comment",
        std::string(100'000, 'x'), std::string("tooshortsecret!")}) {
    const TokenFile file(content);
    const std::string fault = fault_of(file.path());
    INFO(fault);
    CHECK(names(fault, file.path()));
    CHECK(names(fault, "openssl rand -hex 32"));
    CHECK_FALSE(names(fault, "short"));
  }
}

TEST_CASE("a file that others may open is refused with its mode and the remedy") {
  for (const mode_t mode : {0604U, 0606U, 0644U, 0620U, 0660U, 0666U, 0777U, 0601U, 0610U}) {
    const TokenFile file(kToken, mode);
    const std::string fault = fault_of(file.path());
    INFO(fault);
    CHECK(names(fault, "chmod 600 " + file.path()));
  }
  for (const mode_t mode : {0400U, 0600U, 0440U, 0640U}) {
    const TokenFile file(kToken, mode);
    CHECK(fault_of(file.path()).empty());
  }
}

TEST_CASE("what is no file, or is not there, is refused with its name") {
  const TokenFile file(kToken);
  REQUIRE(::mkfifo((file.folder() + "/pipe").c_str(), 0600) == 0);
  CHECK(names(fault_of(file.folder()), "is not a regular file"));
  CHECK(names(fault_of(file.folder() + "/pipe"), "is not a regular file"));
  CHECK(names(fault_of("/dev/zero"), "is not a regular file"));
  CHECK(names(fault_of(file.folder() + "/none"), "cannot open the token file " + file.folder() + "/none"));
  CHECK(names(fault_of(file.folder() + "/none"), "umask 077"));
}

TEST_CASE("a file of settings is refused where its token file cannot be used") {
  const TokenFile token("short");
  const auto load = [&](const std::string& token_file) {
    const std::string path = token.folder() + "/limpet.yaml";
    std::ofstream(path) << kBase << "admin:\n  bind: 0.0.0.0:9900\n  token_file: " << token_file << "\n";
    const Loaded loaded = load_file(path);
    const auto* const problems = std::get_if<Problems>(&loaded);
    return problems == nullptr ? "" : problems->front().to_string().substr(path.size());
  };
  CHECK(load(token.path()).starts_with(":7:15: admin.token_file: the token file " + token.path()));
  CHECK(load(token.folder() + "/none").starts_with(":7:15: admin.token_file: cannot open"));
  std::ofstream(token.path()) << kToken;
  CHECK(load(token.path()).empty());
}
