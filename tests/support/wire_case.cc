#include "tests/support/wire_case.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tests/support/catch.h"
#include "tests/support/wire_books.h"
#include "tests/support/wire_peer.h"

namespace limpet::test {

namespace {

enum class Cut { Nothing, Client, Backend };

// One play of one case. Whatever is not as the case says becomes the complaint.
class Play {
 public:
  Play(ProxyRig& rig, const WireCase& wire_case, Cut cut, const BackendRequest& untold)
      : rig_(rig), case_(wire_case), cut_(cut), untold_(untold) {}

  [[nodiscard]] std::string run() {
    before_ = ends_of(rig_.counters());
    const std::size_t descriptors = open_descriptors();
    static_cast<void>(play_turns() && see_client_side() && see_backend_side() && see_next_requests());
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

  // By the client itself where it may, and by another one.
  bool see_next_requests() {
    const bool by_both = stays_usable();
    if (by_both && !see_next_request("GET /next HTTP/1.1", !keeps_backend())) {
      return false;
    }
    client_.emplace(rig_.connect_client());
    return see_next_request("GET /other HTTP/1.1", !by_both && !keeps_backend());
  }

  bool see_next_request(std::string_view line, bool on_new_connection) {
    BackendRequest request = untold_;
    request.line = line;
    const Turn next{.backend_gets = to_backend(request), .on_new_connection = on_new_connection};
    client_->say(from_client({.line = line}), false);
    if (!backend_hears(next)) {
      return false;
    }
    backend_->say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext", false);
    return client_->hears(to_client({.framing = "Content-Length: 4\r\n", .body = "next"}), false) ||
           complain("the next request got something else", client_->heard());
  }

  CloseReason usual_end() const {
    if (case_.refusal != CloseReason::None) {
      return case_.refusal;
    }
    return case_.client == ClientSide::IsTunnel ? CloseReason::ClientClosed : CloseReason::Completed;
  }

  Ends expected_ends() const {
    Ends ends = before_;
    const auto count = [&ends](CloseReason reason) { ++ends[describe(reason).word]; };
    std::for_each(case_.ends.begin(), case_.ends.end(), count);
    if (case_.ends.empty()) {
      count(usual_end());
    }
    for (int requests = stays_usable() ? 2 : 1; requests > 0; --requests) {  // see_next_requests()
      count(CloseReason::Completed);
      count(CloseReason::ClientClosed);
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
  const BackendRequest& untold_;
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

// A second play is worth its time where there is something to cut.
bool is_played(const WireCase& wire_case, Cut cut) {
  const auto has = [&](auto text) {
    return std::ranges::any_of(wire_case.turns, [text](const Turn& turn) { return (turn.*text).size() > 1; });
  };
  return cut == Cut::Nothing || (cut == Cut::Client ? wire_case.splits_client && has(&Turn::client_sends)
                                                    : wire_case.splits_backend && has(&Turn::backend_sends));
}

}  // namespace

void run_wire_cases(std::span<const WireCase> cases, const WireSetup& setup) {
  ProxyRig rig(1, setup.adjust, setup.listen);
  ProxyRig::Session bystander = rig.open_session();
  for (const WireCase& wire_case : cases) {
    for (const Mode& mode : kModes) {
      if (!is_played(wire_case, mode.cut)) {
        continue;
      }
      INFO(wire_case.name << " (" << mode.phrase << ")");
      const std::string complaint = Play(rig, wire_case, mode.cut, setup.untold).run();
      INFO(complaint);
      CHECK(complaint.empty());
      exchange_frames(bystander);
    }
  }
}

}  // namespace limpet::test
