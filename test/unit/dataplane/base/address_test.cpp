// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/address.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace base = tierwall::base;
namespace data = boost::unit_test::data;

namespace {

struct Text {
    const char* in;
    const char* out;  ///< null: refused
};
std::ostream& operator<<(std::ostream& out, const Text& row) { return out << '"' << row.in << '"'; }

const Text kAddresses[] = {
    {"10.0.0.5", "10.0.0.5"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"010.001.08.5", "10.1.8.5"},
    {"::1", "::1"},
    {"::", "::"},
    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
    {"::ffff:1.2.3.4", "1.2.3.4"},
    {"::ffff:102:304", "1.2.3.4"},
    {"", nullptr},
    {"1.2.3", nullptr},
    {"1.2.3.4.5", nullptr},
    {"1.2.3.256", nullptr},
    {"1.2.3.-4", nullptr},
    {"1.2.3.+4", nullptr},
    {" 1.2.3.4", nullptr},
    {"1.2.3.4 ", nullptr},
    {"1..3.4", nullptr},
    {"1.2.3.", nullptr},
    {"0x1.2.3.4", nullptr},
    {"1.2.3.99999999999999999999", nullptr},
    {":", nullptr},
    {":::", nullptr},
    {"1::2::3", nullptr},
    {"12345::", nullptr},
    {"fe80::1%eth0", nullptr},
    {"[::1]", nullptr},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", nullptr},
};

const Text kPrefixes[] = {
    {"10.0.0.5/8", "10.0.0.0/8"},
    {"10.0.0.5/32", "10.0.0.5/32"},
    {"255.255.255.255/0", "0.0.0.0/0"},
    {"10.129.0.0/9", "10.128.0.0/9"},
    {"10.1.2.3/31", "10.1.2.2/31"},
    {"2001:db8::1/64", "2001:db8::/64"},
    {"2001:db8::ffff/127", "2001:db8::fffe/127"},
    {"::1/128", "::1/128"},
    {"ffff::/0", "::/0"},
    {"10.0.0.0", nullptr},
    {"10.0.0.0/", nullptr},
    {"10.0.0.0/33", nullptr},
    {"10.0.0.0/-1", nullptr},
    {"10.0.0.0/+8", nullptr},
    {"10.0.0.0/8/8", nullptr},
    {"10.0.0.0/8 ", nullptr},
    {"::/129", nullptr},
    {"::ffff:10.0.0.0/104", nullptr},
    {"/8", nullptr},
    {"", nullptr},
};

base::Address address(const char* text) { return base::parse_address(text).value(); }
base::Prefix prefix(const char* text) { return base::parse_prefix(text).value(); }

}  // namespace

BOOST_DATA_TEST_CASE(address_text_is_read_or_refused, data::make(kAddresses), row) {
    const auto parsed = base::parse_address(row.in);
    BOOST_REQUIRE_EQUAL(parsed.has_value(), row.out != nullptr);
    if (parsed) BOOST_TEST(base::text(*parsed) == row.out);
}

BOOST_DATA_TEST_CASE(prefix_text_is_masked_or_refused, data::make(kPrefixes), row) {
    const auto parsed = base::parse_prefix(row.in);
    BOOST_REQUIRE_EQUAL(parsed.has_value(), row.out != nullptr);
    if (!parsed) return;
    BOOST_TEST(base::text(*parsed) == row.out);
    BOOST_TEST((base::parse_prefix(base::text(*parsed)) == parsed));
}

BOOST_AUTO_TEST_CASE(a_stored_prefix_may_be_written_as_mapped) {
    const auto stored = [](const char* text) {
        const auto parsed = base::parse_stored_prefix(text);
        return parsed ? base::text(*parsed) : "";
    };
    BOOST_TEST(stored("::ffff:10.1.2.3/104") == "10.0.0.0/8");
    BOOST_TEST(stored("::ffff:a01:203/128") == "10.1.2.3/32");
    BOOST_TEST(stored("::ffff:0:0/96") == "0.0.0.0/0");
    // Without all of the mark it is a block of IPv6, which no IPv4 address is in.
    BOOST_TEST(stored("::ffff:10.1.2.3/95") == "::fffe:0:0/95");
    BOOST_TEST(stored("::ffff:10.1.2.3/0") == "::/0");
    BOOST_TEST(!base::parse_stored_prefix("::ffff:10.1.2.3/95")->contains(address("10.1.2.3")));
    BOOST_TEST(stored("2001:00db8::/32") == "2001:db8::/32");
    BOOST_TEST(stored("2001:000000db8::1/64") == "2001:db8::/64");
    BOOST_TEST(stored("::01.2.3.4/128") == "::1.2.3.4/128");
    BOOST_TEST(stored("0000000::000/0") == "::/0");
    BOOST_TEST(stored("::ffff:010.001.2.3/128") == "10.1.2.3/32");
    BOOST_TEST(stored("010.0.0.10/16") == "10.0.0.0/16");
    for (const char* bad : {"2001:10db8::/32", "2001:0x1::/32", "::ffff:10.1.2.3/129",
                            "::ffff:10.1.2.3", "::ffff:10.1.2/104", ""}) {
        BOOST_TEST(stored(bad) == "", bad);
    }
    for (const auto& row : kPrefixes) {
        if (row.out != nullptr) BOOST_TEST(stored(row.in) == row.out);
    }
}

BOOST_AUTO_TEST_CASE(every_prefix_length_masks_exactly_its_bits) {
    for (const bool v4 : {true, false}) {
        const int bits = v4 ? 32 : 128;
        const std::string ones = v4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        for (int length = 0; length <= bits; ++length) {
            const auto block = prefix((ones + "/" + std::to_string(length)).c_str());
            int ones_kept = 0;
            for (int bit = v4 ? 96 : 0; bit < 128; ++bit) {
                const int byte = block.address.bytes[static_cast<std::size_t>(bit / 8)];
                const bool set = (byte >> (7 - bit % 8) & 1) != 0;
                BOOST_REQUIRE_EQUAL(set, bit - (128 - bits) < length);
                ones_kept += set ? 1 : 0;
            }
            BOOST_TEST(ones_kept == length);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_prefix_contains_its_own_family_only) {
    BOOST_TEST(prefix("0.0.0.0/0").contains(address("255.1.2.3")));
    BOOST_TEST(!prefix("0.0.0.0/0").contains(address("::1")));
    BOOST_TEST(!prefix("::/0").contains(address("1.2.3.4")));
    BOOST_TEST(prefix("10.0.0.0/9").contains(address("10.127.255.255")));
    BOOST_TEST(!prefix("10.0.0.0/9").contains(address("10.128.0.0")));
    BOOST_TEST(prefix("2001:db8::/33").contains(address("2001:db8:7fff::")));
    BOOST_TEST(!prefix("2001:db8::/33").contains(address("2001:db8:8000::")));
    BOOST_TEST(!prefix("::/0").contains(prefix("0.0.0.0/0")));
}

BOOST_AUTO_TEST_CASE(a_prefix_contains_itself_and_longer_ones) {
    BOOST_TEST(prefix("10.0.0.0/8").contains(prefix("10.0.0.0/8")));
    BOOST_TEST(prefix("10.0.0.0/8").contains(prefix("10.1.0.0/16")));
    BOOST_TEST(!prefix("10.1.0.0/16").contains(prefix("10.0.0.0/8")));
    BOOST_TEST(!prefix("10.1.0.0/16").contains(prefix("10.2.0.0/16")));
}

BOOST_AUTO_TEST_CASE(the_host_prefix_contains_one_address) {
    for (const char* text : {"10.0.0.1", "2001:db8::1"}) {
        const auto host = base::host_prefix(address(text));
        BOOST_TEST(host.contains(address(text)));
        BOOST_TEST(host.mapped_length() == 128);
    }
    BOOST_TEST(!base::host_prefix(address("10.0.0.1")).contains(address("10.0.0.0")));
}

BOOST_AUTO_TEST_CASE(kinds_of_addresses_are_told_apart_at_their_edges) {
    const auto group = [](const char* text) { return address(text).is_multicast_or_broadcast(); };
    BOOST_TEST(!group("223.255.255.255"));
    BOOST_TEST(group("224.0.0.0"));
    BOOST_TEST(group("239.255.255.255"));
    BOOST_TEST(!group("240.0.0.0"));
    BOOST_TEST(!group("255.255.255.254"));
    BOOST_TEST(group("255.255.255.255"));
    BOOST_TEST(group("ff02::1"));
    BOOST_TEST(!group("fe80::1"));
    const auto local = [](const char* text) { return address(text).is_link_local(); };
    BOOST_TEST(local("169.254.0.0"));
    BOOST_TEST(!local("169.255.0.0"));
    BOOST_TEST(local("fe80::"));
    BOOST_TEST(local("febf::1"));
    BOOST_TEST(!local("fec0::"));
    const auto nobody = [](const char* text) { return address(text).is_unspecified(); };
    BOOST_TEST(nobody("0.0.0.0"));
    BOOST_TEST(nobody("::"));
    BOOST_TEST(!nobody("0.0.0.1"));
    BOOST_TEST(!nobody("::1"));
}

BOOST_AUTO_TEST_CASE(order_of_addresses_is_the_order_of_their_bytes) {
    BOOST_TEST((address("10.0.0.1") < address("10.0.1.0")));
    BOOST_TEST((address("::1") < address("10.0.0.1")));
    BOOST_TEST((address("10.0.0.1") < address("2001:db8::")));
    BOOST_TEST((address("10.0.0.1") == address("::ffff:10.0.0.1")));
    BOOST_TEST((address("10.0.0.1") != address("10.0.0.2")));
}
