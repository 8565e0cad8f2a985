// Read by LeakSanitizer at the end of this test program.

/// cpprestsdk keeps 32 bytes for ever: once per process, not per request.
extern "C" const char* __lsan_default_suppressions() { return "leak:libcpprest\n"; }
