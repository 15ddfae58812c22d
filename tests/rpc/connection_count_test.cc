#include "rpc/connection_count.h"

#include <gtest/gtest.h>

#include <sstream>

#include "rpc/model_server_test.h"

namespace tournant {
namespace {

TEST(ConnectionCount, CountsWhatIsEstablishedToThePort) {
  std::istringstream table(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   1: 0100007F:1F41 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0\n"
      "   2: 0100007F:C350 0100007F:1F41 01 00000000:00000000 00:00000000 00000000     0\n"
      "  10: 00000000000000000000000001000000:1F41 00000000000000000000000001000000:D431 01 0\n"
      "  11: 0100007F:1F41 0100007F:C351 06 00000000:00000000 00:00000000 00000000     0\n"
      "\n");
  EXPECT_EQ(CountConnections(table, 8001), 2);
}

TEST(ConnectionCount, OfNothingIsZero) {
  std::istringstream table("");
  EXPECT_EQ(CountConnections(table, 8001), 0);
}

TEST_F(ModelServerTest, TheKernelTellsOfAConnection) {
  StartServer();
  EXPECT_EQ(OpenConnections(server_->port()), 0);
  EXPECT_TRUE(Infer(EchoRequest()).ok());
  EXPECT_EQ(OpenConnections(server_->port()), 1);
}

}  // namespace
}  // namespace tournant
