// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "test/support/eal.hpp"

using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);
