// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ObjectMaker: random Kubernetes objects as JSON, made to be almost right.
///
/// Names, labels and addresses come from small pools, so that objects meet, select each other and
/// replace each other. Now and then a value is at an edge, of another type, or nonsense.
///
/// Threads: one.
/// Memory:  the text.
/// Cost:    a few microseconds an object.

#include "test/fuzz/choices.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace tierwall::fuzz {

class ObjectMaker {
public:
    explicit ObjectMaker(Choices& choices) : choices_(choices) {}

    /// One object; of most kinds that policy knows, and some that it does not.
    std::string object();

private:
    using Fields = std::initializer_list<std::pair<const char*, std::string>>;

    std::string fields(Fields list);
    std::string maybe(std::string value, std::uint32_t per_256 = 200);
    template <typename Make>
    std::string list(std::uint32_t most, Make&& make);
    std::string junk(int depth = 0);
    std::string text(const std::string& value);
    std::string odd_text();
    std::string number();
    std::string port_number();

    std::string labels();
    std::string selector();
    std::string address(bool other_family);
    std::string cidr();
    std::string name();
    std::string space();

    std::string metadata(bool namespaced);
    std::string annotations();
    std::string whole(const char* version, const char* kind, Fields rest);
    std::string pod();
    std::string container();
    std::string node();
    std::string namespace_object();

    std::string network_policy();
    std::string network_rule(const char* peers);
    std::string network_peer();
    std::string network_port();

    std::string namespaced_pods();
    std::string subject();
    std::string tiered_peer(bool egress);
    std::string cluster_policy();
    std::string cluster_rule(bool egress);
    std::string cluster_protocol();
    std::string admin_policy(bool baseline);
    std::string admin_rule(bool egress);
    std::string admin_port();
    std::string other();

    Choices& choices_;
};

}  // namespace tierwall::fuzz
