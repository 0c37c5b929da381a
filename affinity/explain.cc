#include "affinity/explain.h"

#include "affinity/load_bound.h"
#include "affinity/walk.h"

namespace limpet::affinity {

namespace {

constexpr std::string_view kTaken = "taken";
constexpr std::string_view kNobody = "no backend is eligible and untried";

void add(std::vector<TraceStep>& trace, std::string_view step, std::string_view backend,
         std::string_view verdict) {
  trace.push_back(
      {.step = std::string(step), .backend = std::string(backend), .verdict = std::string(verdict)});
}

}  // namespace

void explain_hash(const NewClient& client, const Choice& choice, std::vector<TraceStep>& trace) {
  Walk walk(client.set, client.key_hash);
  const LoadBound bound(client.set, client.load_factor);
  while (const backends::Backend* const backend = walk.next()) {
    if (backend == choice.backend) {
      add(trace, "walk", backend->spec.name, kTaken);
      return;
    }
    const std::string_view refusal = why_refused(*backend, backends::Visitor::New, client.tried);
    const std::string_view room = bound.has_room(*backend) ? "passed over" : "over its load bound";
    add(trace, "walk", backend->spec.name, refusal.empty() ? room : refusal);
  }
  add(trace, "walk", "", kNobody);
}

void explain_load(const NewClient& client, const Choice& choice, std::vector<TraceStep>& trace) {
  for (const backends::Backend& backend : client.set.all()) {
    if (&backend == choice.backend) {
      continue;
    }
    const std::string_view refusal = why_refused(backend, backends::Visitor::New, client.tried);
    add(trace, "balance", backend.spec.name, refusal.empty() ? "not the least loaded" : refusal);
  }
  if (choice.backend != nullptr) {
    add(trace, "balance", choice.backend->spec.name, kTaken);
  } else {
    add(trace, "balance", "", kNobody);
  }
}

}  // namespace limpet::affinity
