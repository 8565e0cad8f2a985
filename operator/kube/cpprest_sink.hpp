#pragma once

#include <cpprest/astreambuf.h>

#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace slipway {

/// The write end of an answer's body: each piece goes to a function as it arrives, on the thread
/// that received it, and the connection is read on only when the function has returned. Without
/// this cpprestsdk keeps a whole body, or an endless watch, in a buffer of its own.
/// For transport_cpprest.cpp only.
class CpprestSink final : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  /// Takes a piece; false refuses it, which breaks the connection.
  using Take = std::function<bool(std::string_view)>;

  explicit CpprestSink(Take take)
      : streambuf_state_manager<uint8_t>(std::ios_base::out), take_(std::move(take)) {}

 private:
  pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override {
    if (take_(std::string_view(reinterpret_cast<const char*>(bytes), count))) {
      return pplx::task_from_result(count);
    }
    return pplx::task_from_exception<size_t>(std::runtime_error("the body was refused"));
  }
  pplx::task<int_type> _putc(uint8_t byte) override {
    return _putn(&byte, 1).then([byte](size_t) { return static_cast<int_type>(byte); });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

  // A sink can be neither read nor positioned; none of these is reached.
  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode /*mode*/) const override { return 0; }
  void set_buffer_size(size_t /*size*/, std::ios_base::openmode /*mode*/) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode /*mode*/) const override { return traits::eof(); }
  pos_type seekpos(pos_type /*pos*/, std::ios_base::openmode /*mode*/) override {
    return traits::eof();
  }
  pos_type seekoff(off_type /*offset*/, std::ios_base::seekdir /*direction*/,
                   std::ios_base::openmode /*mode*/) override {
    return traits::eof();
  }
  bool acquire(uint8_t*& /*bytes*/, size_t& /*count*/) override { return false; }
  void release(uint8_t* /*bytes*/, size_t /*count*/) override {}
  uint8_t* _alloc(size_t /*count*/) override { return nullptr; }
  void _commit(size_t /*count*/) override {}
  pplx::task<int_type> _bumpc() override { return End(); }
  pplx::task<int_type> _getc() override { return End(); }
  pplx::task<int_type> _nextc() override { return End(); }
  pplx::task<int_type> _ungetc() override { return End(); }
  pplx::task<size_t> _getn(uint8_t* /*bytes*/, size_t /*count*/) override {
    return pplx::task_from_result<size_t>(0);
  }
  int_type _sbumpc() override { return traits::eof(); }
  int_type _sgetc() override { return traits::eof(); }
  size_t _scopy(uint8_t* /*bytes*/, size_t /*count*/) override { return 0; }

  static pplx::task<int_type> End() { return pplx::task_from_result<int_type>(traits::eof()); }

  Take take_;
};

}  // namespace slipway
