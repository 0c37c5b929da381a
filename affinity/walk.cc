#include "affinity/walk.h"

#include <xxhash.h>

#include <array>
#include <bit>

namespace limpet::affinity {

std::uint64_t hash_name(std::string_view name) noexcept {
  return XXH3_64bits(name.data(), name.size());
}

double negative_log(double u) noexcept {
  constexpr unsigned kMantissaBits = 52;
  constexpr std::uint64_t kMantissaMask = (1ULL << kMantissaBits) - 1;
  constexpr std::uint64_t kExponentOfOne = 1023;
  constexpr double kSqrt2 = 1.4142135623730951;
  constexpr double kLn2 = 0.6931471805599453;

  // u = m * 2^e with m close to 1, so that nothing is lost where u itself is close to 1.
  const auto bits = std::bit_cast<std::uint64_t>(u);
  double m = std::bit_cast<double>((bits & kMantissaMask) | (kExponentOfOne << kMantissaBits));
  double e = static_cast<double>(static_cast<std::int64_t>(bits >> kMantissaBits)) - double{kExponentOfOne};
  if (m > kSqrt2) {
    m *= 0.5;
    e += 1.0;
  }
  // ln(m) = 2 (s + s^3/3 + s^5/5 + ...) with |s| < 0.172; the first term left out is below 1e-15 of the sum.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  constexpr std::array<double, 9> kTerms{1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
                                         1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
  double sum = 0;
  for (const double term : kTerms) {
    sum = sum * z + term;
  }
  return -(e * kLn2 + 2.0 * s * sum);
}

}  // namespace limpet::affinity
