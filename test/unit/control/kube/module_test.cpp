// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE control_kube
#include <boost/test/unit_test.hpp>
