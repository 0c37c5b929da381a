// Explain: the steps by which a new client was placed, written down for a person after the fact. Any thread.
#pragma once

#include <vector>

#include "affinity/balance.h"
#include "affinity/decide.h"

namespace limpet::affinity {

// Appends what stood in the way of each backend that was passed over, then the one taken.
void explain_hash(const NewClient& client, const Choice& choice, std::vector<TraceStep>& trace);
void explain_load(const NewClient& client, const Choice& choice, std::vector<TraceStep>& trace);

}  // namespace limpet::affinity
