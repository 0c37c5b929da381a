// Which kernel is let seal, and for whom.
#include "net/kernel_tls.h"

#include "net/bulk_meter.h"
#include "tests/support/catch.h"

using namespace limpet;
using net::KernelTls;
using net::KernelTlsTrial;
using net::KernelTlsUse;
using net::TlsSuite;

namespace {

constexpr KernelTlsTrial kNone{.attach = ENOENT, .seal = {}, .seal_next = {}};
constexpr KernelTlsTrial kDebian12{.attach = 0, .seal = {}, .seal_next = {EBUSY, EBUSY, EBUSY}};
constexpr KernelTlsTrial kNewer{.attach = 0, .seal = {0, 0, ENOENT}, .seal_next = {0, 0, ENOENT}};
constexpr KernelTlsTrial kNoCiphers{
    .attach = 0, .seal = {ENOENT, ENOENT, ENOENT}, .seal_next = {ENOENT, ENOENT, ENOENT}};

}  // namespace

TEST_CASE("a kernel is used that can change its keys") {
  CHECK(KernelTls().use(true) == KernelTlsUse::NotOffered);
  CHECK(KernelTls(kNone).use(true) == KernelTlsUse::NotOffered);
  CHECK(KernelTls(kNoCiphers).use(true) == KernelTlsUse::NotOffered);
  CHECK(KernelTls(kDebian12).use(true) == KernelTlsUse::NoKeyChange);
  CHECK(KernelTls(kNewer).use(true) == KernelTlsUse::Used);
  CHECK(KernelTls(kNewer).use(false) == KernelTlsUse::Off);
  CHECK(KernelTls(kNone).use(false) == KernelTlsUse::Off);
}

TEST_CASE("it is used for the suites that it has") {
  for (const auto suite :
       {TlsSuite::Aes128GcmSha256, TlsSuite::Aes256GcmSha384, TlsSuite::ChaCha20Poly1305Sha256}) {
    CHECK_FALSE(KernelTls(kNone).seals(suite));
    CHECK_FALSE(KernelTls(kDebian12).seals(suite));
    CHECK(KernelTls(kNewer).seals(suite) == (suite != TlsSuite::ChaCha20Poly1305Sha256));
  }
}

TEST_CASE("the use of a kernel has a word") {
  CHECK(word(KernelTlsUse::Used) == "used");
  CHECK(word(KernelTlsUse::Off) == "off");
  CHECK(word(KernelTlsUse::NotOffered) == "not_offered");
  CHECK(word(KernelTlsUse::NoKeyChange) == "no_key_change");
}

TEST_CASE("this kernel is asked, whatever it answers") {
  const KernelTlsTrial trial = net::try_kernel_tls();
  const KernelTlsTrial again = net::try_kernel_tls();
  CHECK(trial.attach == again.attach);
  CHECK(trial.seal == again.seal);
  CHECK(trial.seal_next == again.seal_next);
  if (trial.attach != 0) {
    CHECK(KernelTls(trial).use(true) == KernelTlsUse::NotOffered);
  }
}

namespace {

int stretches(std::size_t bytes, int writes) {
  net::BulkMeter meter;
  int count = 0;
  for (int i = 0; i < writes; ++i) {
    count += meter.note(bytes) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("a connection that is sent 16 KiB a write is sent in bulk, and one of short messages never") {
  CHECK(stretches(std::size_t{16} * 1024, 63) == 0);
  CHECK(stretches(std::size_t{16} * 1024, 64) == 1);
  CHECK(stretches(std::size_t{16} * 1024, 640) == 10);
  CHECK(stretches(std::size_t{16} * 1024 - 1, 100'000) == 0);
  CHECK(stretches(125, 1'000'000) == 0);
  CHECK(stretches(std::size_t{1} << 20U, 3) == 3);
  CHECK(stretches(SIZE_MAX, 3) == 3);
}
