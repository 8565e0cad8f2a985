#pragma once

#include <chrono>
#include <thread>

namespace slipway {

/// Waits up to ten seconds for something that other threads bring about.
template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace slipway
