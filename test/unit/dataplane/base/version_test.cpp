// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/version.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>

BOOST_AUTO_TEST_CASE(the_version_is_that_of_the_project) {
    std::ifstream file(TIERWALL_SOURCE_DIR "/CMakeLists.txt");
    std::stringstream text;
    text << file.rdbuf();
    const std::string line = std::string("project(tierwall VERSION ") + tierwall::base::kVersion;
    BOOST_TEST(text.str().find(line + " ") != std::string::npos);
}
