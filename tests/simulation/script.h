// Script: events that clients, backends, time and the operator can bring about in a SimulatedProxy, and what
// must hold after each of them. Shared by the exploration of all short sequences and by the fuzz target,
// which takes long ones. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/simulated_proxy.h"
#include "tests/simulation/strict_reader.h"

namespace limpet::test {

enum class Event : std::uint8_t {
  ClientSendsGet,
  ClientSendsHalfAHead,
  ClientSendsTheOtherHalf,
  ClientSendsUpgrade,
  ClientSendsPost,
  ClientSendsPostWithoutItsBody,
  ClientSendsChunks,
  ClientSendsGarbage,
  ClientSendsFrame,
  ClientSendsClose,
  ClientFinishes,
  ClientResets,
  ClientStopsReading,
  ClientReadsOn,
  BackendAccepts,
  BackendRefuses,
  BackendAnswers,
  BackendAnswersWithoutABody,  // a head that promises one
  BackendAnswersInChunks,
  BackendAnswersUntilItCloses,
  BackendRefusesTheUpgrade,
  BackendSwitches,
  BackendSwitchesWrongly,
  BackendSendsInterim,
  BackendSendsGarbage,
  BackendSendsMuch,
  BackendSendsFrame,
  BackendSaysSomethingUnasked,
  BackendSaysSomethingUnaskedAsAClientAsks,  // before the loop has told of either
  BackendFinishes,
  BackendResets,
  BackendStopsReading,
  BackendReadsOn,
  ConnectsWait,
  ConnectsSucceed,
  ConnectsSucceedAtOnce,
  ConnectsAreRefused,
  DescriptorsRunOut,
  AMomentPasses,
  ASecondPasses,
  ManySecondsPass,
  ProxyStops,
  SessionsAreSentAway,
  SessionsAreCut,
  kCount,
};

inline constexpr std::size_t kEventCount = static_cast<std::size_t>(Event::kCount);
[[nodiscard]] std::string_view name(Event event) noexcept;

class Script {
 public:
  // Backends, short bounds, what `adjust` makes of them, and a first client. With one backend connections are
  // used again, with two an attempt that failed is repeated elsewhere.
  explicit Script(const std::function<void(proxy::Snapshot&)>& adjust = {}, std::size_t backends = 2);

  // The client and the backend connection that the next events are about: the newest at first.
  void choose_client(std::size_t index);
  void choose_backend(std::size_t index);
  void connect_client();

  // Brings the event about and lets the proxy come to rest. False when it cannot happen now.
  [[nodiscard]] bool apply(Event event);
  // Bytes of any kind; as apply().
  [[nodiscard]] bool client_sends(std::string_view bytes);
  [[nodiscard]] bool backend_sends(std::string_view bytes);

  // The first thing that is not as it must be; empty = nothing.
  [[nodiscard]] std::string fault();
  // Everybody goes silent and every bound passes: likewise.
  [[nodiscard]] std::string fault_at_the_end();

  [[nodiscard]] SimulatedProxy& proxy() noexcept { return proxy_; }
  [[nodiscard]] MemoryPipe* client() noexcept;   // null: none yet
  [[nodiscard]] MemoryPipe* backend() noexcept;  // null: none yet
  // What this moment has in common with others that go on in the same way.
  [[nodiscard]] std::string fingerprint();

 private:
  struct BackendView {
    StrictReader reader;
    std::string sent;  // by the backend
    std::size_t answers = 0;
  };

  [[nodiscard]] bool settle();
  [[nodiscard]] bool apply_to_client(Event event);
  [[nodiscard]] bool apply_to_backend(Event event);
  [[nodiscard]] bool apply_to_world(Event event);
  [[nodiscard]] bool decide_connect(int error);
  [[nodiscard]] bool answer(std::string_view bytes);
  [[nodiscard]] bool say_unasked(bool as_a_client_asks);
  [[nodiscard]] bool end_sessions(bool by_a_cut);
  void look_at_backends();
  void look_at_clients();
  void note(std::string fault);

  SimulatedProxy proxy_;
  std::vector<PipePtr> clients_;
  std::vector<BackendView> views_;  // one a backend connection
  std::size_t client_ = 0;
  std::size_t backend_ = 0;
  bool backend_chosen_ = false;  // else the newest
  bool stopped_ = false;
  bool sent_away_ = false;
  std::size_t said_unasked_ = 0;
  std::string fault_;
};

}  // namespace limpet::test
