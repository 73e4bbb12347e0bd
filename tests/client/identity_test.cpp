// SPDX-License-Identifier: BSD-3-Clause
//
// The worker measures a build in its process, the client meets it in another one: both must call it the same,
// or no measurement is ever used.
#include "blas_library.h"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

namespace blastune {
namespace {

class Identity : public ::testing::TestWithParam<std::string> {};

TEST_P(Identity, IsTheWorkers) {
  ASSERT_FALSE(GetParam().empty());
  testing::alone([&] {
    Result<BlasLibrary> worker = BlasLibrary::load(GetParam());
    ASSERT_TRUE(worker.ok()) << worker.error().text();
    const testing::LoadedBlas client(GetParam());
    ASSERT_TRUE(client.recognised());
    EXPECT_TRUE(same_build(worker->build(), client.build()));
    EXPECT_EQ(worker->build().path, client.build().path);
    EXPECT_FALSE(client.build().build_id.empty());
  });
}

INSTANTIATE_TEST_SUITE_P(Builds, Identity,
                         ::testing::Values(testing::debian_library("pthread"),
                                           testing::debian_library("openmp"),

                                           BLASTUNE_TEST_SCIPY_64, BLASTUNE_TEST_SERIAL),
                         [](const auto& tested) { return std::to_string(tested.index); });

}  // namespace
}  // namespace blastune
