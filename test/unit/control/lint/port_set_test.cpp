// SPDX-License-Identifier: Apache-2.0
#include "control/lint/port_set.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

using tierwall::lint::PortSet;
using tierwall::policy::Port;

namespace {

constexpr int kProtocols[] = {6, 17};
/// Names stand for some number but 0; all that there are is cut down to a few.
const std::string kNames[] = {"http", "dns"};

std::vector<Port> random_ports(std::mt19937& random) {
    std::vector<Port> ports;
    for (auto count = random() % 5; count > 0; --count) {
        Port port;
        port.protocol = static_cast<std::uint8_t>(kProtocols[random() % 2]);
        if (random() % 4 == 0) {
            port.name = kNames[random() % 2];
        } else if (random() % 6 == 0) {
            port.first = static_cast<std::uint16_t>(random() % 2);
        } else {
            port.first = static_cast<std::uint16_t>(65520 + random() % 16);
            port.last = static_cast<std::uint16_t>(port.first + random() % (65536u - port.first));
        }
        ports.push_back(port);
    }
    return ports;
}

/// What the named ports of a pod are.
struct Pod {
    int numbers[2];
};

bool is_in(const std::vector<Port>& ports, int protocol, int number, const Pod& pod) {
    if (ports.empty()) return true;
    for (const Port& port : ports) {
        if (port.protocol != protocol) continue;
        const bool named =
            !port.name.empty() && pod.numbers[port.name == kNames[0] ? 0 : 1] == number;
        if (named || (port.name.empty() && port.first <= number && number <= port.last))
            return true;
    }
    return false;
}

struct Compared {
    bool inside = true;
    bool meets = false;
};
/// By every packet there could be: the numbers that random_ports() can tell apart.
Compared compared(const std::vector<Port>& a, const std::vector<Port>& b) {
    Compared out;
    const int numbers[] = {0,     1,     2,     65520, 65521, 65522, 65523, 65524, 65525, 65526,
                           65527, 65528, 65529, 65530, 65531, 65532, 65533, 65534, 65535};
    for (const int http : {1, 2, 65522, 65530, 65535}) {
        for (const int dns : {1, 2, 65523, 65529, 65535}) {
            for (const int protocol : {1, 6, 17}) {
                for (const int number : numbers) {
                    const bool in_a = is_in(a, protocol, number, {{http, dns}});
                    const bool in_b = is_in(b, protocol, number, {{http, dns}});
                    out.inside = out.inside && (!in_a || in_b);
                    out.meets = out.meets || (in_a && in_b);
                }
            }
        }
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sets_of_ports_are_compared_as_their_packets_are) {
    std::mt19937 random(20261122);
    int inside = 0;
    int apart = 0;
    for (int i = 0; i < 4000; ++i) {
        const std::vector<Port> a = random_ports(random);
        std::vector<Port> b = random_ports(random);
        const std::vector<Port> c = random_ports(random);
        const PortSet set(a);
        const PortSet other(b);
        const Compared right = compared(a, b);
        // A yes is a proof; and nothing that meets is said to be apart.
        BOOST_REQUIRE(!set.inside(other) || right.inside);
        BOOST_REQUIRE(set.meets(other) || !right.meets);
        BOOST_REQUIRE(set.meets(other) == other.meets(set));
        if (!right.meets) apart += set.meets(other) ? 0 : 1;
        if (right.inside) inside += set.inside(other) ? 1 : 0;
        const PortSet third(c);
        const PortSet both = PortSet::together({&other, &third});
        BOOST_REQUIRE(other.inside(both));
        BOOST_REQUIRE(third.inside(both));
        if (b.empty() || c.empty()) continue;
        b.insert(b.end(), c.begin(), c.end());
        BOOST_REQUIRE(set.inside(both) == set.inside(PortSet(b)));
    }
    BOOST_TEST(inside > 300);
    BOOST_TEST(apart > 300);
}

BOOST_AUTO_TEST_CASE(ranges_that_touch_are_one_range) {
    const auto tcp = [](int first, int last) {
        return Port{6, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last), ""};
    };
    const PortSet one({tcp(1, 200)});
    const PortSet low({tcp(1, 100)});
    const PortSet high({tcp(101, 200)});
    const PortSet late({tcp(102, 200)});
    BOOST_TEST(!one.inside(low));
    BOOST_TEST(!one.inside(high));
    BOOST_TEST(one.inside(PortSet::together({&high, &low})));
    BOOST_TEST(!one.inside(PortSet::together({&low, &late})));
    const PortSet named({Port{6, 0, 65535, "http"}});
    BOOST_TEST(named.inside(PortSet({tcp(1, 65535)})));
    BOOST_TEST(!named.inside(PortSet({tcp(2, 65535)})));
    BOOST_TEST(!PortSet(std::vector<Port>{}).inside(PortSet({tcp(0, 65535)})));
    BOOST_TEST(PortSet(std::vector<Port>{}).weight() == 1u);
    BOOST_TEST(PortSet({tcp(1, 2), tcp(3, 4)}).weight() == 1u);
    BOOST_TEST(PortSet({tcp(1, 2), tcp(4, 4)}).weight() == 2u);
}
