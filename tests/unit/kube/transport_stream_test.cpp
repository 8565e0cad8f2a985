#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/kube/transport_fixture.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Lt;

/// Streams to the end and keeps what came.
struct Streamed {
  Result<void> end;
  std::string bytes;
  std::chrono::milliseconds took;
};

class StreamTest : public TransportTest {
 protected:
  Streamed Stream(StreamLimits limits = {}, std::stop_token stop = {}) {
    Streamed streamed;
    const auto transport = Connect();
    const auto start = std::chrono::steady_clock::now();
    streamed.end = transport->Stream(Get("/watch"), limits, std::move(stop),
                                     [&](std::string_view chunk) { streamed.bytes += chunk; });
    streamed.took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    return streamed;
  }
};

TEST_F(StreamTest, DeliversEveryByteInOrderUntilTheServerEnds) {
  std::string sent;
  Serve([&](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    for (int i = 0; i < 500; ++i) {
      const std::string line = std::to_string(i) + std::string(static_cast<size_t>(i), '.') + "\n";
      sent += line;
      connection.Chunk(line);
    }
    connection.Chunk("");
    connection.WaitForEnd();
  });
  const Streamed streamed = Stream();
  EXPECT_TRUE(streamed.end) << streamed.end.error().message;
  EXPECT_EQ(streamed.bytes, sent);
}

TEST_F(StreamTest, DeliversAPieceAsSoonAsItIsThere) {
  std::promise<void> arrived;
  Serve([&](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    connection.Chunk("first\n");
    arrived.get_future().wait();  // Only what the client has seen lets the server go on.
    connection.Chunk("");
  });
  const auto end = Connect()->Stream(Get(), {}, {}, [&](std::string_view chunk) {
    if (chunk == "first\n") arrived.set_value();
  });
  EXPECT_TRUE(end) << end.error().message;
}

TEST_F(StreamTest, UsesTheConnectionOfAnEndedStreamAgain) {
  ServeEach([](Connection& connection, const SeenRequest&) {
    connection.StartChunks();
    connection.Chunk("line\n");
    connection.Chunk("");
  });
  const auto transport = Connect();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(transport->Stream(Get(), {}, {}, [](std::string_view) {}));
  }
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(StreamTest, ReportsABrokenStreamAfterWhatCameBefore) {
  for (const bool reset : {false, true}) {
    std::promise<void> arrived;
    Serve([&](Connection& connection) {
      connection.Read();
      connection.StartChunks();
      connection.Chunk("whole\n");
      arrived.get_future().wait();  // A reset would discard what is still under way.
      connection.Write("40\r\nhalf");
      if (reset) connection.Reset();
    });
    std::string bytes;
    const auto end = Connect()->Stream(Get(), {}, {}, [&](std::string_view chunk) {
      bytes += chunk;
      arrived.set_value();
    });
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, Code::kUnavailable);
    EXPECT_EQ(bytes, "whole\n");
  }
}

TEST_F(StreamTest, TurnsARefusalIntoItsError) {
  const struct {
    int status;
    std::string body;
    Code code;
  } cases[] = {
      {410, R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})", Code::kGone},
      {401, "", Code::kUnauthorized},
      {404, "404 page not found", Code::kKindNotServed},
      {503, "<html>", Code::kUnavailable},
  };
  for (const auto& test : cases) {
    Serve([&](Connection& connection) {
      connection.Read();
      connection.Answer(test.status, test.body);
      connection.WaitForEnd();
    });
    const Streamed streamed = Stream();
    ASSERT_FALSE(streamed.end) << test.status;
    EXPECT_EQ(streamed.end.error().code, test.code) << test.status;
    EXPECT_EQ(streamed.bytes, "") << "a refusal is no data";
  }
}

TEST_F(StreamTest, HandsOutRetryAfterOfARefusal) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.Answer(429, "", "Retry-After: 3\r\n");
    connection.WaitForEnd();
  });
  const Streamed streamed = Stream();
  ASSERT_FALSE(streamed.end);
  EXPECT_EQ(streamed.end.error().code, Code::kThrottled);
  EXPECT_EQ(streamed.end.error().retry_after, 3s);
}

TEST_F(StreamTest, GivesUpASilentStream) {
  for (const bool with_headers : {false, true}) {
    Serve([&](Connection& connection) {
      connection.Read();
      if (with_headers) {
        connection.StartChunks();
        connection.Chunk("line\n");
      }
      connection.WaitForEnd();
    });
    const Streamed streamed = Stream({.idle = 200ms});
    ASSERT_FALSE(streamed.end);
    EXPECT_EQ(streamed.end.error().code, Code::kTimeout);
    EXPECT_EQ(streamed.end.error().message, "the stream was silent for 200 ms");
    EXPECT_THAT(streamed.took, Lt(1s));
  }
}

TEST_F(StreamTest, KeepsAStreamWhoseLinesEndInTime) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    for (int i = 0; i < 20 && connection.Pause(40ms); ++i) connection.Chunk("line\n");
    connection.Chunk("");
  });
  // The stream as a whole takes longer than a line may; the silence between lines is no line.
  const Streamed streamed = Stream({.idle = 10s, .line = 400ms});
  EXPECT_TRUE(streamed.end) << streamed.end.error().message;
  EXPECT_EQ(streamed.bytes.size(), 100U);
}

TEST_F(StreamTest, GivesUpALineThatNeverEnds) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    connection.Chunk("whole\nha");
    while (connection.Chunk("x") && connection.Pause(10ms)) {
    }
  });
  const Streamed streamed = Stream({.idle = 5s, .line = 200ms});
  ASSERT_FALSE(streamed.end);
  EXPECT_EQ(streamed.end.error().code, Code::kTimeout);
  EXPECT_EQ(streamed.end.error().message, "a line of the stream took over 200 ms");
  EXPECT_THAT(streamed.took, Lt(1s));
}

TEST_F(StreamTest, GivesUpALineBeyondTheLimit) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    while (connection.Chunk(std::string(1000, 'x'))) {
    }
  });
  const Streamed streamed = Stream({.max_line_bytes = 10'000});
  ASSERT_FALSE(streamed.end);
  EXPECT_EQ(streamed.end.error().code, Code::kTooLarge);
  EXPECT_THAT(streamed.end.error().message, HasSubstr("longer than 10000 bytes"));
  EXPECT_LE(streamed.bytes.size(), 10'000U);
}

TEST_F(StreamTest, CountsALineFromItsOwnBeginning) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    for (int i = 0; i < 100; ++i) connection.Chunk(std::string(900, 'x') + "\n" + "begin");
    connection.Chunk("");
  });
  const Streamed streamed = Stream({.max_line_bytes = 1000});
  EXPECT_TRUE(streamed.end) << streamed.end.error().message;
}

TEST_F(StreamTest, StopsWithinASecond) {
  for (const bool with_headers : {false, true}) {
    Serve([&](Connection& connection) {
      connection.Read();
      if (with_headers) connection.StartChunks();
      connection.WaitForEnd();
    });
    std::stop_source stop;
    std::jthread stopper([&] {
      std::this_thread::sleep_for(100ms);
      stop.request_stop();
    });
    const Streamed streamed = Stream({}, stop.get_token());
    ASSERT_FALSE(streamed.end);
    EXPECT_THAT(streamed.took, Lt(1s));
  }
}

TEST_F(StreamTest, DoesNotStartWhenAlreadyStopped) {
  Serve([](Connection& connection) { connection.WaitForEnd(); });
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(Stream({}, stop.get_token()).end);
}

TEST_F(StreamTest, CallsTheSinkNoMoreAfterItsEnd) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    while (connection.Chunk("line\n")) {
    }
  });
  const auto transport = Connect();
  for (int i = 0; i < 20; ++i) {
    std::stop_source stop;
    std::atomic<bool> ended{false};
    std::atomic<int> late{0};
    std::atomic<int> calls{0};
    const auto end = transport->Stream(Get(), {}, stop.get_token(), [&](std::string_view) {
      if (ended) ++late;
      if (++calls == 10) stop.request_stop();
    });
    ended = true;
    EXPECT_FALSE(end);
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(late, 0);
  }
}

TEST_F(StreamTest, HoldsTheSenderUpWhileTheSinkWorks) {
  std::atomic<std::size_t> sent{0};
  Serve([&](Connection& connection) {
    connection.Read();
    connection.StartChunks();
    while (sent < 200U << 20U && connection.Chunk(std::string(63, 'x') + "\n")) sent += 64;
  });
  const auto transport = Connect();
  std::stop_source stop;
  std::size_t sent_while_blocked = 0;
  const auto end = transport->Stream(Get(), {.idle = 1s}, stop.get_token(), [&](std::string_view) {
    // Longer than the idle limit, which must not count here.
    std::this_thread::sleep_for(1500ms);
    sent_while_blocked = sent;
    stop.request_stop();
  });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, "stopped");
  EXPECT_LT(sent_while_blocked, 16U << 20U) << "only what fits into the sockets";
}

TEST_F(StreamTest, RunsBesideMoreRequestsThanTheLimitAllows) {
  ServeEach([](Connection& connection, const SeenRequest& request) {
    if (request.target == "/watch") {
      connection.StartChunks();
      connection.WaitForEnd();
    } else {
      connection.Answer(200, "{}");
    }
  });
  TransportOptions options;
  options.max_connections = 1;
  const auto transport = Connect(options);
  std::stop_source stop;
  std::vector<std::jthread> watchers;
  for (int i = 0; i < 5; ++i) {
    watchers.emplace_back(
        [&] { (void)transport->Stream(Get("/watch"), {}, stop.get_token(), [](auto) {}); });
  }
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(transport->Send(Get("/x"), 1s));
  stop.request_stop();
}

}  // namespace
}  // namespace slipway::testing
