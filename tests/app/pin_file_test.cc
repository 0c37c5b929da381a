#include "app/pin_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/pin_keeper.h"
#include "base/clock.h"
#include "net/uv_loop.h"
#include "tests/support/catch.h"

namespace limpet::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

// A folder with a file of pins, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "limpet-pins-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file() const { return path_ / "pins.state"; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

 private:
  fs::path path_;
};

void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A process that keeps its pins: a table, a pool "chat" with b1 and b2, a loop.
struct Process {
  explicit Process(const std::string& file)
      : log(Log::open({.level = LogLevel::Debug, .format = LogFormat::Json, .file = file + ".log"})),
        keeper(PinKeeper::Parts{.loop = loop,
                                .table = table,
                                .log = **log,
                                .clock = clock,
                                .pools = [this] { return std::span(pools); }},
               file) {
    keeper.restore();
  }

  void visit(const std::string& key, backends::BackendId backend) {
    table.open_session(1, affinity::Key::make(affinity::KeyKind::Query, key), {.backend = backend}, hours(1),
                       clock.now());
  }
  [[nodiscard]] std::size_t found(const std::string& key) const {
    return table.find_text(key, clock.now()).size();
  }

  static std::vector<affinity::PoolView> chat() {
    std::vector<backends::Backend> backends(2);
    for (std::uint32_t i = 0; i < backends.size(); ++i) {
      backends[i].id = i + 1;
      backends[i].spec.name = "b" + std::to_string(i + 1);
      backends[i].state = std::make_shared<backends::BackendState>();
    }
    affinity::PoolView pool;
    pool.id = 1;
    pool.name = "chat";
    pool.backends = backends::BackendSet(std::move(backends));
    return {pool};
  }

  SystemClock clock;
  net::UvLoop loop;
  affinity::AffinityTable table{10'000};
  std::vector<affinity::PoolView> pools = chat();
  Result<std::unique_ptr<Log>> log;
  PinKeeper keeper;
};

TEST_CASE("the pins of a process are there in the next one") {
  const Folder folder;
  {
    Process first(folder.file());
    first.visit("alice", 1);
    first.visit("bob", 2);
    first.keeper.save_now();
  }
  struct stat status {};
  REQUIRE(stat(folder.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(folder.names() == std::vector<std::string>{"pins.state", "pins.state.lock", "pins.state.log"});
  const Process next(folder.file());
  CHECK(next.table.size() == 2);
  CHECK(next.found("alice") == 1);
  CHECK(next.table.find_text("bob", next.clock.now()).front().pin.backend == 2);
}

TEST_CASE("pins are saved while the loop turns, and only when something has changed") {
  const Folder folder;
  Process process(folder.file());
  process.keeper.save_every(Duration(1));
  const auto turn_until = [&process](auto condition) {
    const Instant end = process.clock.now() + std::chrono::seconds(20);
    while (!condition() && process.clock.now() < end) {
      process.loop.turn();
    }
    return condition();
  };
  process.visit("alice", 1);
  CHECK(turn_until([&] { return fs::exists(folder.file()); }));
  fs::remove(folder.file());
  // A save that was under way may put it back once; then nothing has changed.
  for (int i = 0; i < 100; ++i) {
    process.loop.turn();
  }
  fs::remove(folder.file());
  for (int i = 0; i < 100; ++i) {
    process.loop.turn();
  }
  CHECK_FALSE(fs::exists(folder.file()));
  process.visit("bob", 2);
  CHECK(turn_until([&] { return fs::exists(folder.file()); }));
}

TEST_CASE("a damaged file is ignored whole, told once and kept aside") {
  const Folder folder;
  {
    Process first(folder.file());
    for (int i = 0; i < 5000; ++i) {
      first.visit("client-" + std::to_string(i), 1);
    }
    first.keeper.save_now();
  }
  std::string bytes = text_of(folder.file());
  bytes[bytes.size() - 40] ^= 1;  // in the last block: what stands before it is sound
  write_text(folder.file(), bytes);
  {
    Process next(folder.file());
    CHECK(next.table.size() == 0);
    next.visit("alice", 1);
    next.keeper.save_now();
  }
  CHECK(text_of(folder.file() + ".damaged") == bytes);
  CHECK(Process(folder.file()).table.size() == 1);
  const std::string log = text_of(folder.file() + ".log");
  CHECK(log.find("pins_ignored") == log.rfind("pins_ignored"));
  CHECK(log.find("is damaged; kept as " + folder.file() + ".damaged") != std::string::npos);
}

TEST_CASE("a foreign, a cut and an empty file are damage, and a missing one is not") {
  const Folder folder;
  const auto take_none = [](const affinity::PinReader&) { FAIL("nothing is taken"); };
  CHECK_FALSE(read_pin_file(folder.file(), take_none).value());
  for (const std::string_view text : {"", "limpet pins\n", "[section]\nkey = value\n"}) {
    write_text(folder.file(), text);
    const auto read = read_pin_file(folder.file(), take_none);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == ErrorCode::Malformed);
  }
  CHECK_FALSE(read_pin_file(fs::path(folder.file()).parent_path().string(), take_none).ok());
}

TEST_CASE("of two processes with one file the second reads it and does not write it") {
  const Folder folder;
  Process first(folder.file());
  first.visit("alice", 1);
  first.keeper.save_now();
  {
    Process second(folder.file());
    CHECK(second.found("alice") == 1);
    CHECK_FALSE(second.keeper.lock().valid());
    second.visit("bob", 2);
    second.keeper.save_now();
  }
  CHECK(text_of(folder.file() + ".log").find("another process keeps its pins in") != std::string::npos);
  first.keeper.let_go();
  const Process third(folder.file());
  CHECK(third.found("bob") == 0);
  CHECK(third.keeper.lock().valid());
}

TEST_CASE("where no file can be made the service goes on without") {
  const Folder folder;
  const std::string nowhere = folder.file() + "/no/such/folder/pins.state";
  CHECK_FALSE(lock_pin_file(nowhere).ok());
  CHECK_FALSE(replace_pin_file(nowhere, {"x"}).ok());
}

TEST_CASE("a file that cannot be replaced stays what it was") {
  const Folder folder;
  write_text(folder.file(), "before");
  fs::create_directory(folder.file() + ".new");
  CHECK_FALSE(replace_pin_file(folder.file(), {"after"}).ok());
  CHECK(text_of(folder.file()) == "before");
}

TEST_CASE("pins lie beside the first cookie key unless told otherwise") {
  settings::Settings settings;
  settings.pools.resize(2);
  settings.pools[0].affinity.cookie.secret_file = "/srv/chat/cookie.key";
  CHECK(pin_file_of(settings) == "/srv/chat/pins.state");
  settings.pools[0].affinity.cookie.secret_file = "cookie.key";
  CHECK(pin_file_of(settings) == "pins.state");
  settings.state.file = "/tmp/other";
  CHECK(pin_file_of(settings) == "/tmp/other");
  settings.state.file.reset();
  CHECK_FALSE(pin_file_of(settings));
  settings.state.file = "";
  for (settings::Pool& pool : settings.pools) {
    pool.affinity.by = settings::AffinityBy::None;
  }
  CHECK_FALSE(pin_file_of(settings));
}

// Run by hand (docs/upgrade.md has its numbers): test_app "[measure]"
TEST_CASE("a million pins are saved and restored", "[.][measure]") {
  const Folder folder;
  constexpr int kPins = 1'000'000;
  SystemClock clock;
  const auto pools = Process::chat();
  affinity::AffinityTable table(2 * kPins);
  for (int i = 0; i < kPins; ++i) {
    const std::string text = std::to_string(1'000'000'000'000'000 + i);  // 16 digits, as cookies have
    table.open_session(1, affinity::Key::make(affinity::KeyKind::Cookie, text),
                       {.backend = i % 2 == 0 ? 1U : 2U}, hours(1), clock.now());
  }
  const auto began = std::chrono::steady_clock::now();
  const auto since = [](auto then) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - then).count();
  };
  affinity::PinDump dump(table, pin_stamp(clock.wall_now()), clock.now());
  std::vector<std::string> pieces;
  double longest = 0;
  while (!dump.done()) {
    const auto step = std::chrono::steady_clock::now();
    pieces.push_back(dump.step(pools));
    longest = std::max(longest, since(step));
  }
  const double dumped = since(began);
  const auto bytes = replace_pin_file(folder.file(), pieces);
  const double written = since(began) - dumped;
  affinity::AffinityTable next(2 * kPins);
  const auto reading = std::chrono::steady_clock::now();
  affinity::PinRestore restore(next, pools, pin_stamp(clock.wall_now()), clock.now());
  REQUIRE(
      read_pin_file(folder.file(), [&](const affinity::PinReader& reader) { restore.take(reader); }).ok());
  CHECK(restore.counts().restored == kPins);
  WARN("dump " << dumped << " ms in " << pieces.size() << " steps, longest " << longest << " ms; write "
               << written << " ms, " << *bytes << " bytes; restore " << since(reading) << " ms");
}

}  // namespace
}  // namespace limpet::app
