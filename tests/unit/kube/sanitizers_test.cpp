// What the sanitizers find in cpprestsdk itself and we cannot change. They read these when this
// test program starts; without sanitizers nobody does.

/// 32 bytes are kept for ever: once per process, not per request.
extern "C" const char* __lsan_default_suppressions() { return "leak:libcpprest\n"; }

/// The library hides its type information, so that the same class has another identity here.
extern "C" const char* __ubsan_default_options() {
  return "suppressions=" SLIPWAY_SOURCE_DIR "/tests/unit/kube/ubsan_suppressions.txt";
}
