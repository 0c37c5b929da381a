// Publishing: takes publications to the sessions of one worker, one after the other, a slice of the sessions
// a turn, so that neither many sessions nor many messages make a session wait. Owned by the Context. Worker.
//
//   begin --> walk over all sessions, slice by slice --> those whose queue was full, again and again until
//   Publication::wait_until --> answer, and the next publication
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "net/deadlines.h"
#include "net/loop.h"
#include "proxy/publication.h"

namespace limpet::proxy {

struct Context;
class Tunnel;

class Publishing final : private net::TurnEnd, private net::DeadlineOwner {
 public:
  explicit Publishing(Context& context) noexcept : context_(context), retry_(*this) {}
  ~Publishing();
  Publishing(const Publishing&) = delete;
  Publishing& operator=(const Publishing&) = delete;

  // Behind those that are under way. A session that opens meanwhile may get it or not.
  void begin(PublicationPtr publication);

 private:
  // A session whose queue was full.
  struct Late {
    std::uint64_t id = 0;
    std::uint32_t slot = 0;
  };
  // What a turn may still do.
  struct Slice {
    std::size_t looks;
    std::size_t offers;
    std::size_t bytes;

    [[nodiscard]] bool is_over() const noexcept { return looks == 0 || offers == 0 || bytes == 0; }
    void take_offer(std::size_t frame_bytes) noexcept;
  };

  void on_turn_end() override;
  void on_deadline() override;
  // False when there is nothing more to do in this turn.
  [[nodiscard]] bool go_on();
  void walk(Slice& slice);
  void visit_late(Slice& slice);
  // What is over is counted; true when it has to be offered again.
  [[nodiscard]] bool is_late(Tunnel& tunnel);
  void finish();

  Context& context_;
  std::deque<PublicationPtr> publications_;  // the first one is under way
  PublishCounts counts_;                     // of the first one, as the following
  std::size_t next_slot_ = 0;
  std::vector<Late> late_;
  std::size_t next_late_ = 0;  // of this round; those before it were late again, or are gone
  std::size_t still_late_ = 0;
  net::Deadline retry_;  // armed while only late sessions are waited for
};

}  // namespace limpet::proxy
