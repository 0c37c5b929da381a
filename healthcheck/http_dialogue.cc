#include "healthcheck/answer_head.h"
#include "healthcheck/dialogue.h"

namespace limpet::healthcheck {

namespace {

class HttpDialogue final : public Dialogue {
 public:
  HttpDialogue(const settings::Health& rule, const Endpoint& endpoint)
      : request_(request_start(rule, endpoint) + "Connection: close\r\n\r\n"), expect_(rule.expect) {}

  std::string opening() override { return std::move(request_); }

  // The head decides; the body is not waited for.
  DialogueStep on_bytes(std::string_view bytes) override {
    switch (answer_.take(bytes)) {
      case AnswerHead::Found::NotYet:
        return {};
      case AnswerHead::Found::Malformed:
        return {DialogueStep::State::Bad, "malformed answer: " + std::string(answer_.fault()), {}};
      case AnswerHead::Found::Complete:
        break;
    }
    const int status = answer_.head().status;
    const bool is_expected = status >= expect_.low && status <= expect_.high;
    return {is_expected ? DialogueStep::State::Good : DialogueStep::State::Bad,
            "status " + std::to_string(status),
            {}};
  }

 private:
  std::string request_;
  settings::StatusRange expect_;
  AnswerHead answer_;
};

}  // namespace

std::unique_ptr<Dialogue> make_http_dialogue(const settings::Health& rule, const Endpoint& endpoint) {
  return std::make_unique<HttpDialogue>(rule, endpoint);
}

}  // namespace limpet::healthcheck
