#include "operator/kube/exec_plugin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "operator/kube/environment.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxOutputBytes = 1U << 20U;

/// A pipe whose ends close themselves and are not inherited.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    Close(0);
    Close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void CloseWriteEnd() { Close(1); }

 private:
  void Close(std::size_t end) {
    if (ends_.at(end) >= 0) close(ends_.at(end));
    ends_.at(end) = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

struct Output {
  std::string out;
  std::string err;
};

std::string Base64(const std::string& bytes) {
  std::string text(bytes.size() / 3 * 4 + 5, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// The variable by which a plugin learns what it is asked for.
std::string ExecInfo(const ClusterConfig& config, const std::string& ca_pem) {
  nlohmann::json info = {{"kind", "ExecCredential"},
                         {"apiVersion", config.exec->api_version},
                         {"spec", {{"interactive", false}}}};
  if (config.exec->provide_cluster_info) {
    info["spec"]["cluster"] = {{"server", config.server},
                               {"certificate-authority-data", Base64(ca_pem)}};
  }
  return "KUBERNETES_EXEC_INFO=" + info.dump();
}

std::vector<std::string> Environment(const ClusterConfig& config, const std::string& ca_pem) {
  std::vector<std::string> environment = ChildEnvironment();
  for (const auto& [name, value] : config.exec->env) {
    std::erase_if(environment, [prefix = name + "="](const std::string& entry) {
      return entry.starts_with(prefix);
    });
    environment.push_back(name + "=" + value);
  }
  environment.push_back(ExecInfo(config, ca_pem));
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> Spawn(const ClusterConfig& config, const std::string& ca_pem, const Pipe& out,
                    const Pipe& err) {
  std::vector<std::string> arguments = config.exec->args;
  arguments.insert(arguments.begin(), config.exec->command);
  std::vector<std::string> environment = Environment(config, ca_pem);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, config.exec->command.c_str(), &actions, nullptr,
                                 Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  return Fail(
      Code::kUnauthorized,
      fmt::format("the credential plugin \"{}\" cannot be started: {}{}{}", config.exec->command,
                  std::strerror(error), config.exec->install_hint.empty() ? "" : ". ",
                  config.exec->install_hint));
}

/// Appends what is there to read; false at the end of the pipe.
bool Drain(int fd, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0 || text.size() > kMaxOutputBytes) return false;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

/// Reads both pipes to their ends; false when the deadline passes before.
bool ReadAll(int out, int err, steady_clock::time_point deadline, Output& output) {
  std::array<pollfd, 2> fds = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return false;
    if (poll(fds.data(), fds.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return false;
    }
    if (fds[0].revents != 0 && !Drain(out, output.out)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !Drain(err, output.err)) fds[1].fd = -1;
  }
  return true;
}

/// Waits for the end of a child; false when the deadline passes before.
bool WaitForExit(pid_t pid, steady_clock::time_point deadline) {
  // Not pidfd_open(): the header of glibc 2.36 cannot be used from C++.
  const auto fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return false;
  pollfd exited{fd, POLLIN, 0};
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    ready = poll(&exited, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  close(fd);
  return ready > 0;
}

}  // namespace

Result<ExecCredential> DecodeExecCredential(std::string_view json, std::string_view api_version) {
  JsonParser parser;
  const auto parsed = parser.Parse(json);
  if (!parsed || (*parsed)["kind"].String() != "ExecCredential") {
    return Fail(Code::kUnauthorized, "its output is no ExecCredential in JSON");
  }
  if ((*parsed)["apiVersion"].String() != api_version) {
    return Fail(Code::kUnauthorized,
                fmt::format("it answered with apiVersion \"{}\", but the kubeconfig says \"{}\"",
                            (*parsed)["apiVersion"].Text(), api_version));
  }
  const JsonView status = (*parsed)["status"];
  ExecCredential credential{status["token"].Text(), status["clientCertificateData"].Text(),
                            status["clientKeyData"].Text(),
                            ParseTime(status["expirationTimestamp"].Text())};
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return Fail(Code::kUnauthorized,
                "its status has neither a token nor a client certificate (is a login needed?)");
  }
  return credential;
}

Result<ExecCredential> RunExecPlugin(const ClusterConfig& config, const std::string& ca_pem,
                                     milliseconds deadline) {
  const auto fail = [&](const std::string& why) {
    return Fail(Code::kUnauthorized,
                fmt::format("credential plugin \"{}\": {}", config.exec->command, why));
  };
  Pipe out;
  Pipe err;
  const auto pid = Spawn(config, ca_pem, out, err);
  if (!pid) return tl::unexpected(pid.error());
  out.CloseWriteEnd();
  err.CloseWriteEnd();
  Output output;
  const auto limit = steady_clock::now() + deadline;
  const bool in_time =
      ReadAll(out.read_end(), err.read_end(), limit, output) && WaitForExit(*pid, limit);
  if (!in_time) kill(*pid, SIGKILL);
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return fail(fmt::format("no answer within {} ms", deadline.count()));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(fmt::format("it failed with status {}: {}", WEXITSTATUS(status),
                            output.err.substr(0, 500)));
  }
  auto credential = DecodeExecCredential(output.out, config.exec->api_version);
  if (!credential) return fail(credential.error().message);
  return credential;
}

}  // namespace slipway
