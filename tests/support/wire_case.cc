#include "tests/support/wire_case.h"

#include <dirent.h>

#include <array>
#include <map>
#include <optional>

#include "tests/support/catch.h"
#include "tests/support/wire_peer.h"

namespace limpet::test {

namespace {

using Ends = std::map<std::string_view, std::uint64_t>;

enum class Cut { Nothing, Client, Backend };

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  REQUIRE(folder != nullptr);
  while (::readdir(folder) != nullptr) {
    ++count;
  }
  ::closedir(folder);
  return count;
}

Ends ends_of(const Counters& counters) {
  Ends ends;
  for (std::size_t i = 0; i < kCloseReasonCount; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    if (const std::uint64_t count = counters.ends(reason); count > 0) {
      ends[describe(reason).word] = count;
    }
  }
  return ends;
}

std::string text_of(const Ends& ends) {
  std::string text;
  for (const auto& [word, count] : ends) {
    text.append(word).append("=").append(std::to_string(count)).append(" ");
  }
  return text;
}

bool is_own_answer(std::string_view text, CloseReason reason, bool to_head_request) {
  const CloseReasonRow& row = describe(reason);
  const auto has = [text](const std::string& part) { return text.find(part) != std::string_view::npos; };
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return false;
  }
  const std::string_view body = text.substr(end + 4);
  const std::string length =
      "\r\nContent-Length: " + (to_head_request ? "" : std::to_string(body.size()) + "\r\n");
  return text.starts_with("HTTP/1.1 " + std::to_string(row.status) + " ") &&
         has("\r\nLimpet-Reason: " + std::string(row.word) + "\r\n") && has("\r\nConnection: close") &&
         has(length) && !has("Set-Cookie") &&
         has("\r\nSec-WebSocket-Version: 13\r\n") == (reason == CloseReason::UnsupportedVersion) &&
         (to_head_request ? body.empty() : !body.empty() && body.find('\n') == body.size() - 1);
}

// One play of one case. Whatever is not as the case says becomes the complaint.
class Play {
 public:
  Play(ProxyRig& rig, const WireCase& wire_case, Cut cut) : rig_(rig), case_(wire_case), cut_(cut) {}

  [[nodiscard]] std::string run() {
    before_ = ends_of(rig_.counters());
    const std::size_t descriptors = open_descriptors();
    static_cast<void>(play_turns() && see_client_side() && see_backend_side() && see_next_request());
    client_.reset();
    backend_.reset();
    if (complaint_.empty() && !happens([&] { return open_descriptors() == descriptors; })) {
      complain("descriptors are left open", std::to_string(open_descriptors()), std::to_string(descriptors));
    }
    return complaint_.empty() && see_books() ? std::string{} : complaint_;
  }

 private:
  bool complain(std::string_view what, std::string_view got = {}, std::string_view wanted = {}) {
    complaint_.append(what).append("\n--- got:\n").append(got).append("\n--- wanted:\n").append(wanted);
    return false;
  }

  bool merges() const { return cut_ != Cut::Nothing; }

  bool reach_backend() {
    if (rig_.backend().stays_lonely(kPatience)) {
      return false;
    }
    backend_.emplace(rig_.backend().accept());
    return true;
  }

  static void end_with(std::optional<WirePeer>& peer, Then then) {
    if (then == Then::Finishes) {
      peer->finish_sending();
    } else if (then == Then::Resets) {
      peer->reset();
    }
  }

  bool play_turns() {
    client_.emplace(rig_.connect_client());
    for (const Turn& turn : case_.turns) {
      client_->say(turn.client_sends, cut_ == Cut::Client);
      end_with(client_, turn.client_then);
      if (!turn.backend_gets.empty() && !backend_hears(turn)) {
        return false;
      }
      if (backend_) {
        backend_->say(turn.backend_sends, cut_ == Cut::Backend);
        end_with(backend_, turn.backend_then);
      }
      if (!turn.client_gets.empty() && !client_->hears(turn.client_gets, merges())) {
        return complain("the client got something else", client_->heard(), turn.client_gets);
      }
    }
    return true;
  }

  bool backend_hears(const Turn& turn) {
    if ((!backend_ || turn.on_new_connection) && !reach_backend()) {
      return complain("nobody connected to the backend", {}, turn.backend_gets);
    }
    return backend_->hears(turn.backend_gets, merges()) ||
           complain("the backend got something else", backend_->heard(), turn.backend_gets);
  }

  bool stays_usable() const {
    return case_.refusal == CloseReason::None && case_.client == ClientSide::Usable;
  }

  bool see_client_side() {
    if (stays_usable() || !client_->is_open()) {
      return true;
    }
    if (case_.refusal == CloseReason::None && case_.client == ClientSide::IsTunnel) {
      client_->close();
      return true;
    }
    if (!client_->hears_the_end()) {
      return complain("the connection to the client stays open", client_->heard());
    }
    if (case_.refusal != CloseReason::None) {
      return is_own_answer(client_->heard(), case_.refusal, case_.to_head_request) ||
             complain("not the answer of limpet's own", client_->heard(), describe(case_.refusal).word);
    }
    if (case_.client == ClientSide::Closed && client_->end() != WireEnd::Fin) {
      return complain("the client's connection was reset");
    }
    return client_->heard().empty() || complain("the client got more", client_->heard());
  }

  bool keeps_backend() const {
    const bool usually = case_.refusal == CloseReason::None && case_.client != ClientSide::IsTunnel &&
                         case_.client != ClientSide::Cut;
    return case_.backend == BackendSide::Kept || (case_.backend == BackendSide::AsUsual && usually);
  }

  bool see_backend_side() {
    const bool may_be_reached_late =
        case_.refusal != CloseReason::None && !case_.partly.empty() && cut_ == Cut::Client && !backend_;
    if (may_be_reached_late && !rig_.backend().stays_lonely(std::chrono::milliseconds(0))) {
      backend_.emplace(rig_.backend().accept());
    }
    if (backend_ && backend_->is_open() && !keeps_backend()) {
      if (!backend_->hears_the_end()) {
        return complain("the connection to the backend stays open", backend_->heard());
      }
      if (!normalised(case_.partly, merges()).starts_with(normalised(backend_->heard(), merges()))) {
        return complain("the backend got more", backend_->heard(), case_.partly);
      }
    }
    return rig_.backend().stays_lonely(std::chrono::milliseconds(0)) ||
           complain("somebody connected to the backend");
  }

  // By the client itself where it may, else by another one.
  bool see_next_request() {
    const Turn next{.client_sends = from_client({.line = "GET /next HTTP/1.1"}),
                    .backend_gets = to_backend({.line = "GET /next HTTP/1.1"}),
                    .backend_sends = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext",
                    .client_gets = to_client({.framing = "Content-Length: 4\r\n", .body = "next"}),
                    .on_new_connection = !keeps_backend()};
    if (!stays_usable()) {
      client_.emplace(rig_.connect_client());
    }
    client_->say(next.client_sends, false);
    if (!backend_hears(next)) {
      return false;
    }
    backend_->say(next.backend_sends, false);
    return client_->hears(next.client_gets, false) ||
           complain("the next request got something else", client_->heard(), next.client_gets);
  }

  Ends expected_ends() const {
    Ends ends = before_;
    std::vector<CloseReason> reasons = case_.ends;
    if (reasons.empty() && case_.refusal != CloseReason::None) {
      reasons = {case_.refusal};
    } else if (reasons.empty()) {
      reasons = {case_.client == ClientSide::IsTunnel ? CloseReason::ClientClosed : CloseReason::Completed};
    }
    reasons.push_back(CloseReason::Completed);  // the next request
    reasons.push_back(CloseReason::ClientClosed);
    for (const CloseReason reason : reasons) {
      ++ends[describe(reason).word];
    }
    return ends;
  }

  // Only the bystander's session is left in any of the books.
  bool see_books() {
    const Ends wanted = expected_ends();
    if (!happens([&] { return ends_of(rig_.counters()) == wanted; })) {
      return complain("other ends were counted", text_of(ends_of(rig_.counters())), text_of(wanted));
    }
    const backends::BackendState& state = rig_.state();
    if (!happens(
            [&] { return state.exchanges == 0 && state.sessions == 1 && rig_.open_connections() == 1; })) {
      return complain("the backend still counts load");
    }
    std::uint64_t pinned = 0;
    for (const auto& entry : rig_.pins().list(0, 10'000, {}, SystemClock().now()).entries) {
      pinned += entry.sessions;
    }
    return pinned == 1 || complain("pins are still held", std::to_string(pinned), "1");
  }

  ProxyRig& rig_;
  const WireCase& case_;
  const Cut cut_;
  Ends before_;
  std::optional<WirePeer> client_;
  std::optional<WirePeer> backend_;
  std::string complaint_;
};

// A frame each way through a session that is none of the cases' business.
void exchange_frames(ProxyRig::Session& bystander) {
  static const std::string from_client("\x81\x85\x00\x00\x00\x00hello", 11);
  static const std::string from_backend("\x81\x05world", 7);
  bystander.client.send(from_client);
  bystander.backend.expect(from_client);
  bystander.backend.send(from_backend);
  bystander.client.expect(from_backend);
}

struct Mode {
  Cut cut;
  std::string_view phrase;
};

constexpr std::array kModes{Mode{Cut::Nothing, "as written"},
                            Mode{Cut::Client, "the client sends byte by byte"},
                            Mode{Cut::Backend, "the backend sends byte by byte"}};

bool is_played(const WireCase& wire_case, Cut cut) {
  return (cut != Cut::Client || wire_case.splits_client) && (cut != Cut::Backend || wire_case.splits_backend);
}

}  // namespace

void run_wire_cases(std::span<const WireCase> cases, const WireSetup& setup) {
  ProxyRig rig(1, setup.adjust);
  ProxyRig::Session bystander = rig.open_session();
  for (const WireCase& wire_case : cases) {
    for (const Mode& mode : kModes) {
      if (!is_played(wire_case, mode.cut)) {
        continue;
      }
      INFO(wire_case.name << " (" << mode.phrase << ")");
      CHECK(Play(rig, wire_case, mode.cut).run() == std::string{});
      exchange_frames(bystander);
    }
  }
}

}  // namespace limpet::test
