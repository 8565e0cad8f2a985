#pragma once

#include <string>
#include <vector>

namespace slipway {

/// Points OpenSSL's default certificate paths at nothing, for this process. cpprestsdk loads them
/// into every new connection before it asks for ours: that costs 30 ms a connection. (What is
/// trusted does not depend on this: TlsMaterial::Apply replaces the whole store.) To be called
/// before other threads exist; later calls do nothing.
void HideSystemCertificates();

/// The environment as it was before HideSystemCertificates, as NAME=value, for programs that we
/// start: a credential plugin has to reach its own servers.
std::vector<std::string> ChildEnvironment();

}  // namespace slipway
