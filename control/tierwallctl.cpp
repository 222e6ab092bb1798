// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"

int main(int argument_count, char** arguments) {
    return tierwall::ctl::tierwallctl(argument_count, arguments);
}
