#include "tests/simulation/script.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/row_order.h"
#include "base/text.h"
#include "tests/websocket/counting_scanner.h"

namespace limpet::test {

namespace {

using namespace std::chrono_literals;
using Next = MemoryConnector::Next;

// The accept value of the one key that the script's client uses.
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::string_view kUnasked = "UNASKED!";
constexpr std::size_t kMuch = 600'000;
// Longer than every bound of the snapshot below and every fixed one in proxy/.
constexpr Duration kEveryBound = 100s;
constexpr Duration kGrace = 1500ms;

struct Row {
  Event event;
  std::string_view name;
  std::string_view bytes;  // what it sends, where that is all there is to it
};

using enum Event;

constexpr std::array<Row, kEventCount> kRows{{
    {ClientSendsGet, "client sends GET", "GET /page HTTP/1.1\r\nHost: example.com\r\n\r\n"},
    {ClientSendsHalfAHead, "client sends half a head", "GET /half HTTP/1.1\r\nHost: exam"},
    {ClientSendsTheOtherHalf, "client sends the other half", "ple.com\r\n\r\n"},
    {ClientSendsUpgrade, "client sends an upgrade",
     "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"},
    {ClientSendsPost, "client sends POST",
     "POST /form HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello"},
    {ClientSendsPostWithoutItsBody, "client sends POST without its body",
     "POST /form HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhe"},
    {ClientSendsChunks, "client sends chunks",
     "PUT /part HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: "
     "chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n"},
    {ClientSendsGarbage, "client sends garbage", "\x16\x03\x01\n\r\n\r\n"},
    {ClientSendsFrame, "client sends a frame", "\x81\x82\x01\x02\x03\x04hi"},
    {ClientSendsClose, "client sends Close", "\x88\x82\x01\x02\x03\x04\x02\xea"},
    {ClientFinishes, "client finishes", {}},
    {ClientResets, "client resets", {}},
    {ClientStopsReading, "client stops reading", {}},
    {ClientReadsOn, "client reads on", {}},
    {BackendAccepts, "backend accepts", {}},
    {BackendRefuses, "backend refuses", {}},
    {BackendAnswers, "backend answers", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    {BackendAnswersWithoutABody, "backend answers without a body",
     "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"},
    {BackendAnswersInChunks, "backend answers in chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
    {BackendAnswersUntilItCloses, "backend answers until it closes", "HTTP/1.1 200 OK\r\n\r\nok"},
    {BackendRefusesTheUpgrade, "backend refuses the upgrade",
     "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"},
    {BackendSwitches, "backend switches",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
    {BackendSwitchesWrongly, "backend switches wrongly",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Accept: AAAALMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
    {BackendSendsInterim, "backend sends 103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
    {BackendSendsGarbage, "backend sends garbage", "220 mail.example.com ESMTP\r\n\r\n"},
    {BackendSendsMuch, "backend sends much", {}},
    {BackendSendsFrame, "backend sends a frame", "\x81\x02hi"},
    {BackendSaysSomethingUnasked, "backend says something unasked", {}},
    {BackendSaysSomethingUnaskedAsAClientAsks, "backend says something unasked as a client asks", {}},
    {BackendFinishes, "backend finishes", {}},
    {BackendResets, "backend resets", {}},
    {BackendStopsReading, "backend stops reading", {}},
    {BackendReadsOn, "backend reads on", {}},
    {ConnectsWait, "connects wait", {}},
    {ConnectsSucceed, "connects succeed", {}},
    {ConnectsSucceedAtOnce, "connects succeed at once", {}},
    {ConnectsAreRefused, "connects are refused", {}},
    {DescriptorsRunOut, "descriptors run out", {}},
    {AMomentPasses, "a moment passes", {}},
    {ASecondPasses, "a second passes", {}},
    {ManySecondsPass, "many seconds pass", {}},
    {ProxyStops, "the proxy stops", {}},
    {SessionsAreSentAway, "sessions are sent away", {}},
    {SessionsAreCut, "sessions are cut", {}},
}};

static_assert(rows_are_in_order(kRows, &Row::event), "the rows stand in the order of the enumeration");

std::string_view bytes_of_event(Event event) {
  return kRows[static_cast<std::size_t>(event)].bytes;
}

void use_short_bounds(proxy::Snapshot& snapshot) {
  snapshot.timeouts = {
      .head = 1s, .connect = 500ms, .response = 3s, .idle = 8s, .keep_alive = 2s, .body = 2s};
}

bool can_hear(const MemoryPipe* pipe) {
  return pipe != nullptr && !pipe->closed && !pipe->fin && !pipe->reset;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// What a client got: up to our Close whole frames, and nothing behind it.
bool is_whole_before_our_close(std::string_view all) {
  const std::string close("\x88\x11\x03\xf4service restart", 19);
  const auto at = all.find(close);
  const auto head = all.find("HTTP/1.1 101");
  if (at == std::string_view::npos || head == std::string_view::npos) {
    return true;
  }
  const auto begin = all.find("\r\n\r\n", head) + 4;
  websocket::testing::CountingScanner scanner;
  scanner.observe(bytes_of(all.substr(begin, at - begin)));
  return scanner->between_frames() && at + close.size() == all.size();
}

std::string flags_of(const MemoryPipe* pipe) {
  if (pipe == nullptr) {
    return "-";
  }
  std::string flags;
  for (const bool flag :
       {pipe->to_proxy.empty(), pipe->from_proxy.empty(), pipe->room == 0, pipe->fin, pipe->reset,
        pipe->connected, pipe->connect_error != 0, pipe->proxy_fin, pipe->proxy_reset, pipe->closed}) {
    flags += flag ? '1' : '0';
  }
  return flags;
}

}  // namespace

std::string_view name(Event event) noexcept {
  return kRows[static_cast<std::size_t>(event)].name;
}

Script::Script(const std::function<void(proxy::Snapshot&)>& adjust, std::size_t backends)
    : proxy_(backends, [&adjust](proxy::Snapshot& snapshot) {
        use_short_bounds(snapshot);
        if (adjust) {
          adjust(snapshot);
        }
      }) {
  connect_client();
}

void Script::connect_client() {
  clients_.push_back(proxy_.connect_client());
  client_ = clients_.size() - 1;
}

void Script::choose_client(std::size_t index) {
  client_ = index % clients_.size();
}

void Script::choose_backend(std::size_t index) {
  const std::size_t count = proxy_.backends().opened.size();
  backend_ = count == 0 ? 0 : index % count;
  backend_chosen_ = count != 0;
}

MemoryPipe* Script::client() noexcept {
  return clients_[client_].get();
}

MemoryPipe* Script::backend() noexcept {
  const auto& opened = proxy_.backends().opened;
  if (opened.empty()) {
    return nullptr;
  }
  return opened[backend_chosen_ ? backend_ : opened.size() - 1].get();
}

bool Script::settle() {
  if (!proxy_.loop().settle()) {
    note("the proxy spins");
  }
  look_at_backends();
  look_at_clients();
  return true;
}

bool Script::apply(Event event) {
  if (event < BackendAccepts) {
    return apply_to_client(event);
  }
  return event < ConnectsWait ? apply_to_backend(event) : apply_to_world(event);
}

bool Script::client_sends(std::string_view bytes) {
  MemoryPipe* const pipe = client();
  if (!can_hear(pipe) || bytes.empty()) {
    return false;
  }
  pipe->to_proxy += bytes;
  return settle();
}

bool Script::backend_sends(std::string_view bytes) {
  MemoryPipe* const pipe = backend();
  if (!can_hear(pipe) || !pipe->connected || bytes.empty()) {
    return false;
  }
  views_.resize(proxy_.backends().opened.size());
  views_[backend_chosen_ ? backend_ : views_.size() - 1].sent += bytes;
  pipe->to_proxy += bytes;
  return settle();
}

bool Script::apply_to_client(Event event) {
  MemoryPipe* const pipe = client();
  if (pipe->closed || pipe->reset) {
    return false;
  }
  switch (event) {
    case ClientFinishes:
      if (pipe->fin) {
        return false;
      }
      pipe->fin = true;
      return settle();
    case ClientResets:
      pipe->reset = true;
      return settle();
    case ClientStopsReading:
      pipe->room = 0;
      return settle();
    case ClientReadsOn:
      pipe->room = MemoryPipe::kUnlimited;
      return settle();
    default:
      return client_sends(bytes_of_event(event));
  }
}

bool Script::apply_to_backend(Event event) {
  MemoryPipe* const pipe = backend();
  if (pipe == nullptr || pipe->closed || pipe->reset) {
    return false;
  }
  switch (event) {
    case BackendAccepts:
      return decide_connect(0);
    case BackendRefuses:
      return decide_connect(ECONNREFUSED);
    case BackendFinishes:
      if (pipe->fin || !pipe->connected) {
        return false;
      }
      pipe->fin = true;
      return settle();
    case BackendResets:
      if (!pipe->connected) {
        return false;
      }
      pipe->reset = true;
      return settle();
    case BackendStopsReading:
      pipe->room = 0;
      return settle();
    case BackendReadsOn:
      pipe->room = MemoryPipe::kUnlimited;
      return settle();
    case BackendSendsMuch:
      return backend_sends(std::string(kMuch, 'm'));
    case BackendSaysSomethingUnasked:
    case BackendSaysSomethingUnaskedAsAClientAsks:
      return say_unasked(event == BackendSaysSomethingUnaskedAsAClientAsks);
    default:
      return answer(bytes_of_event(event));
  }
}

bool Script::decide_connect(int error) {
  MemoryPipe* const pipe = backend();
  if (pipe->connect_is_decided()) {
    return false;
  }
  pipe->connect_error = error;
  pipe->connected = error == 0;
  return settle();
}

bool Script::answer(std::string_view bytes) {
  if (!backend_sends(bytes)) {
    return false;
  }
  ++views_[backend_chosen_ ? backend_ : views_.size() - 1].answers;
  return true;
}

// An answer to nothing: every request that has reached this connection was answered in good order. A backend
// that does not read cannot know whether a request is on its way.
bool Script::say_unasked(bool as_a_client_asks) {
  look_at_backends();
  BackendView& view = views_[backend_chosen_ ? backend_ : views_.size() - 1];
  const auto& requests = view.reader.requests();
  const bool is_clean = std::all_of(requests.begin(), requests.end(), [](const ReadRequest& request) {
    return request.is_complete && !request.is_upgrade;
  });
  const std::string whole(bytes_of_event(BackendAnswers));
  std::string expected;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    expected += whole;
  }
  if (!is_clean || view.sent != expected || backend()->room != MemoryPipe::kUnlimited) {
    return false;
  }
  ++said_unasked_;
  if (as_a_client_asks && can_hear(client())) {
    client()->to_proxy += bytes_of_event(ClientSendsGet);
  }
  return backend_sends("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + std::string(kUnasked));
}

bool Script::apply_to_world(Event event) {
  switch (event) {
    case ConnectsWait:
      proxy_.backends().next = Next::Waits;
      return true;
    case ConnectsSucceed:
      proxy_.backends().next = Next::Connects;
      return true;
    case ConnectsSucceedAtOnce:
      proxy_.backends().next = Next::IsConnected;
      return true;
    case ConnectsAreRefused:
      proxy_.backends().next = Next::Refused;
      return true;
    case DescriptorsRunOut:
      proxy_.backends().next = Next::OutOfDescriptors;
      return true;
    case AMomentPasses:
    case ASecondPasses:
    case ManySecondsPass: {
      const Duration time = event == AMomentPasses ? 100ms : (event == ASecondPasses ? 1s : 10s);
      if (!proxy_.loop().advance(time, 1s)) {
        note("the proxy spins");
      }
      return settle();
    }
    case SessionsAreSentAway:
    case SessionsAreCut:
      return end_sessions(event == SessionsAreCut);
    default:
      if (stopped_) {
        return false;
      }
      stopped_ = true;
      proxy_.stop();
      return settle();
  }
}

// A grace within every other bound, so that it is what ends those who do not play along.
bool Script::end_sessions(bool by_a_cut) {
  if (proxy_.open_tunnels() == 0) {
    return false;
  }
  if (by_a_cut) {
    for (const backends::Backend& backend : proxy_.context().snapshot->pools.front().backends.all()) {
      proxy_.context().departures.cut({.backend = backend.id});
    }
  } else {
    proxy_.send_everybody_away(CloseReason::Drained, kGrace);
  }
  sent_away_ = true;
  return settle();
}

void Script::look_at_backends() {
  const auto& opened = proxy_.backends().opened;
  views_.resize(opened.size());
  for (std::size_t i = 0; i < opened.size(); ++i) {
    views_[i].reader.read(opened[i]->from_proxy, contains(views_[i].sent, kAccept));
    if (!views_[i].reader.fault().empty()) {
      note("what reached a backend is not HTTP: " + views_[i].reader.fault());
    }
    // limpet asks one thing at a time: a request follows the answer to the one before.
    if (views_[i].reader.requests().size() > 1 + count(views_[i].sent, "HTTP/1.")) {
      note("a backend was given a request before it had answered the one before");
    }
    if (!opened[i]->connected && !opened[i]->from_proxy.empty()) {
      note("bytes were sent before the connect was done");
    }
  }
}

void Script::look_at_clients() {
  const bool a_backend_switched = std::any_of(
      views_.begin(), views_.end(), [](const BackendView& view) { return contains(view.sent, kAccept); });
  // The fuzzer may have a backend say the same words when it was asked.
  std::size_t said = 0;
  for (const BackendView& view : views_) {
    said += count(view.sent, kUnasked);
  }
  for (const PipePtr& pipe : clients_) {
    if ((sent_away_ || stopped_) && !is_whole_before_our_close(pipe->from_proxy)) {
      note("a Close of limpet's own is inside a frame, or something follows it");
    }
    if (said == said_unasked_ && contains(pipe->from_proxy, kUnasked)) {
      note("a client was given what a backend said unasked");
    }
  }
  if (proxy_.counters().get(Counter::SessionsOpened) > 0 && !a_backend_switched) {
    note("a tunnel was opened although no backend has switched");
  }
}

void Script::note(std::string fault) {
  if (fault_.empty()) {
    fault_ = std::move(fault);
  }
}

std::string Script::fault() {
  note(proxy_.fault());
  return fault_;
}

std::string Script::fault_at_the_end() {
  if (!proxy_.loop().advance(kEveryBound, 5s)) {
    note("the proxy spins");
  }
  static_cast<void>(settle());
  note(proxy_.fault());
  note(proxy_.fault_at_the_end());
  return fault_;
}

std::string Script::fingerprint() {
  const auto& opened = proxy_.backends().opened;
  std::string print = flags_of(client()) + ' ' + flags_of(backend()) + ' ';
  for (const std::size_t number :
       {static_cast<std::size_t>(proxy_.state()), proxy_.open_connections(), proxy_.open_tunnels(),
        proxy_.loop().open_streams(), proxy_.loop().chunks().out(), std::min<std::size_t>(opened.size(), 4),
        static_cast<std::size_t>(proxy_.backends().next), static_cast<std::size_t>(stopped_),
        static_cast<std::size_t>(sent_away_)}) {
    print += std::to_string(number) + ' ';
  }
  if (!views_.empty()) {
    const auto& requests = views_.back().reader.requests();
    print += std::to_string(std::min<std::size_t>(requests.size(), 2)) +
             std::to_string(std::min<std::size_t>(views_.back().answers, 3));
    print += requests.empty() ? "" : (requests.back().is_upgrade ? "u" : requests.back().method);
    print += !requests.empty() && requests.back().is_complete ? "c" : "i";
  }
  return print;
}

}  // namespace limpet::test
