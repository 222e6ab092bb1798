// SPDX-License-Identifier: Apache-2.0
#include "control/kube/instant.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

namespace data = boost::unit_test::data;
using tierwall::kube::instant_text;

namespace {

struct InstantRow {
    const char* written;
    const char* utc;
};
std::ostream& operator<<(std::ostream& out, const InstantRow& row) { return out << row.written; }

const InstantRow kInstants[] = {
    {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000000Z"},
    {"2026-01-01t00:00:00z", "2026-01-01T00:00:00.000000000Z"},
    {"2026-01-01T01:30:00+02:00", "2025-12-31T23:30:00.000000000Z"},
    {"2026-02-28T23:30:00-01:00", "2026-03-01T00:30:00.000000000Z"},
    {"2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00.000000000Z"},
    {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000000000Z"},
    {"1970-01-01T00:00:00+00:01", "1969-12-31T23:59:00.000000000Z"},
    {"2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00.250000000Z"},
    {"2026-01-01T00:00:00.1234567891Z", "2026-01-01T00:00:00.123456789Z"},
    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z"},
};

const char* const kNoInstants[] = {
    "",
    "yesterday",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+02",
    "2026-01-01T00:00:00+0200",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00Zx",
    "-026-01-01T00:00:00Z",
};

}  // namespace

BOOST_DATA_TEST_CASE(instants_are_written_alike, data::make(kInstants), row) {
    BOOST_TEST(instant_text(row.written) == row.utc);
    BOOST_TEST(instant_text(row.utc) == row.utc);
}

BOOST_DATA_TEST_CASE(what_is_no_instant_is_before_all_of_them, data::make(kNoInstants), text) {
    BOOST_TEST(instant_text(text).empty());
}

BOOST_AUTO_TEST_CASE(an_offset_does_not_make_an_instant_later) {
    // As texts they are the other way round.
    BOOST_TEST(instant_text("2026-01-01T00:30:00+02:00") < instant_text("2025-12-31T23:00:00Z"));
    BOOST_TEST(instant_text("2026-01-01T00:00:00Z") < instant_text("2025-12-31T23:00:00-02:00"));
    BOOST_TEST(instant_text("2026-01-01T00:00:00Z") < instant_text("2026-01-01T00:00:00.5Z"));
}
