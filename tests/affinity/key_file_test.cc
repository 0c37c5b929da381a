#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "affinity/cookie_codec.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone at its end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("limpet-key-" + CookieCodec::new_key_text())) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

bool says(const Result<std::vector<crypto::Key>>& keys, std::string_view words) {
  return keys.error().detail.find(words) != std::string::npos;
}

const std::string kLineOfOnes(64, '1');
const std::string kLineOfAs = std::string(32, 'a') + std::string(32, 'A');

TEST_CASE("a key file gives its keys in order, without comments and empty lines") {
  const Folder folder;
  const auto keys = read_key_file(
      folder.write("keys", "# newest first\n\n" + kLineOfOnes + "\r\n  " + kLineOfAs + "\t\n#end"));
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK((*keys)[0][0] == 0x11);
  CHECK((*keys)[1][31] == 0xaa);
}

TEST_CASE("the error for a bad line names file, line and remedy, and does not show the line") {
  const Folder folder;
  const std::string bad_line = std::string(63, '2') + "g";
  for (const std::string& bad : {bad_line, kLineOfOnes + "1", kLineOfOnes.substr(1), std::string("secret")}) {
    const auto keys = read_key_file(folder.write("keys", kLineOfOnes + "\n# comment\n" + bad + "\n"));
    REQUIRE_FALSE(keys);
    CHECK(says(keys, folder.file("keys") + ", line 3"));
    CHECK(says(keys, "openssl rand -hex 32"));
    CHECK_FALSE(says(keys, bad));
  }
}

TEST_CASE("a file without a key is an error that says so") {
  const Folder folder;
  for (const char* text : {"", "\n\n", "# nothing yet\n"}) {
    const auto keys = read_or_make_key_file(folder.write("keys", text));
    REQUIRE_FALSE(keys);
    CHECK(says(keys, "there is no key"));
  }
}

TEST_CASE("a missing file is an error when it is read and no more than that") {
  const Folder folder;
  const auto keys = read_key_file(folder.file("keys"));
  REQUIRE_FALSE(keys);
  CHECK(keys.error().code == ErrorCode::NotFound);
  CHECK(says(keys, folder.file("keys")));
  CHECK(folder.count() == 0);
}

TEST_CASE("a folder in place of the file and a file that is far too large are errors") {
  const Folder folder;
  CHECK_FALSE(read_key_file(folder.file("")));
  const auto keys = read_key_file(folder.write("log", std::string(100'000, '\n')));
  REQUIRE_FALSE(keys);
  CHECK(keys.error().code == ErrorCode::TooLarge);
}

TEST_CASE("a missing file is made with one key, for the owner alone, with its folders, and is kept") {
  const Folder folder;
  const std::string path = folder.file("state/limpet/cookie.key");
  const auto made = read_or_make_key_file(path);
  REQUIRE(made);
  REQUIRE(made->size() == 1);
  CHECK((*made)[0] != crypto::Key{});
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  const auto again = read_or_make_key_file(path);
  REQUIRE(again);
  CHECK(*again == *made);
}

TEST_CASE("a place where no file can be made gives an error that names it and the remedy") {
  const Folder folder;
  const std::string path = folder.write("plain", "text") + "/cookie.key";
  const auto keys = read_or_make_key_file(path);
  REQUIRE_FALSE(keys);
  CHECK(says(keys, path));
  CHECK(says(keys, "affinity.cookie.secret_file"));
}

TEST_CASE("many starts at once end with the same key and leave no other file behind") {
  const Folder folder;
  constexpr std::size_t kStarts = 8;
  std::vector<crypto::Key> keys(kStarts);
  std::vector<std::thread> starts;
  for (crypto::Key& key : keys) {
    starts.emplace_back([&] {
      const auto made = read_or_make_key_file(folder.file("cookie.key"));
      if (made) {
        key = made->front();
      }
    });
  }
  for (std::thread& start : starts) {
    start.join();
  }
  CHECK(keys.front() != crypto::Key{});
  for (const crypto::Key& key : keys) {
    CHECK(key == keys.front());
  }
  CHECK(folder.count() == 1);
}

}  // namespace
}  // namespace limpet::affinity
