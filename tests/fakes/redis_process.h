#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fakes/port_lease.h"
#include "fakes/temp_dir.h"

extern char** environ;

namespace tournant {

// A real redis-server on a port of its own, empty and without a disk, that is gone with this
// object.
class RedisProcess {
 public:
  explicit RedisProcess(const std::vector<std::string>& settings = {}) {
    // setpriv: it does not outlive a test that crashes.
    std::vector<std::string> words = {"setpriv",      "--pdeathsig",
                                      "KILL",         "redis-server",
                                      "--port",       absl::StrCat(port()),
                                      "--bind",       "127.0.0.1",
                                      "--save",       "",
                                      "--appendonly", "no",
                                      "--dir",        folder_.path().native()};
    words.insert(words.end(), settings.begin(), settings.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    int out[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    EXPECT_EQ(posix_spawnp(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    log_ = fdopen(out[0], "r");
    WaitUntilReady();
  }
  ~RedisProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    fclose(log_);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  int port() const { return lease_.port(); }

  // Sends a file of commands and waits until `replies` of them, all of one line, are answered.
  void Load(const std::string& path, size_t replies) const {
    std::ostringstream commands;
    commands << std::ifstream(path, std::ios::binary).rdbuf();
    Send(commands.str(), replies);
  }
  void Send(const std::string& commands, size_t replies) const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port()));
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    for (size_t sent = 0; sent < commands.size();) {
      const ssize_t now = send(fd, commands.data() + sent, commands.size() - sent, MSG_NOSIGNAL);
      ASSERT_GT(now, 0);
      sent += static_cast<size_t>(now);
    }
    FILE* answers = fdopen(fd, "r");
    char line[4096];
    for (size_t i = 0; i < replies; ++i) {
      ASSERT_NE(fgets(line, sizeof(line), answers), nullptr);
      EXPECT_NE(line[0], '-') << line;
    }
    fclose(answers);
  }

 private:
  void WaitUntilReady() {
    char line[4096];
    while (fgets(line, sizeof(line), log_) != nullptr) {
      if (absl::StrContains(line, "Ready to accept connections")) return;
    }
    ADD_FAILURE() << "redis-server did not start";
  }

  const PortLease lease_;
  const TempDir folder_;
  pid_t pid_ = -1;
  FILE* log_ = nullptr;
};

}  // namespace tournant
