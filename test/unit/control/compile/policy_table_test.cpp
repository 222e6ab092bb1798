// SPDX-License-Identifier: Apache-2.0
#include "control/compile/policy_table.hpp"

#include "dataplane/base/protocol.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <vector>

namespace tierwall::compile {
namespace {

constexpr std::uint8_t kTcp = base::kIpTcp;
constexpr std::uint8_t kUdp = base::kIpUdp;

struct Merging {
    const char* name;
    std::vector<PortRange> written;
    std::vector<PortRange> merged;
};
std::ostream& operator<<(std::ostream& out, const Merging& merging) { return out << merging.name; }

const std::vector<Merging> kMergings{
    {"none", {}, {}},
    {"one", {{kTcp, 80, 80}}, {{kTcp, 80, 80}}},
    {"same", {{kTcp, 80, 80}, {kTcp, 80, 80}}, {{kTcp, 80, 80}}},
    {"touching", {{kTcp, 82, 83}, {kTcp, 80, 81}}, {{kTcp, 80, 83}}},
    {"a_port_between", {{kTcp, 80, 81}, {kTcp, 83, 84}}, {{kTcp, 80, 81}, {kTcp, 83, 84}}},
    {"overlapping", {{kTcp, 80, 90}, {kTcp, 85, 95}}, {{kTcp, 80, 95}}},
    {"inside", {{kTcp, 80, 90}, {kTcp, 85, 86}, {kTcp, 91, 91}}, {{kTcp, 80, 91}}},
    {"protocols", {{kTcp, 80, 80}, {kUdp, 81, 81}}, {{kTcp, 80, 80}, {kUdp, 81, 81}}},
    {"last_port", {{kTcp, 65535, 65535}, {kTcp, 1, 65535}}, {{kTcp, 1, 65535}}},
    {"last_port_does_not_wrap",
     {{kTcp, 65535, 65535}, {kTcp, 0, 0}},
     {{kTcp, 0, 0}, {kTcp, 65535, 65535}}},
    {"reversed", {{kTcp, 90, 80}, {kTcp, 7, 7}}, {{kTcp, 7, 7}}},
};

BOOST_DATA_TEST_CASE(ranges_are_one_where_no_port_is_between_them,
                     boost::unit_test::data::make(kMergings), merging) {
    BOOST_TEST((merged(merging.written) == merging.merged));
}

}  // namespace
}  // namespace tierwall::compile
