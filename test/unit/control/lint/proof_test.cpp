// SPDX-License-Identifier: Apache-2.0
// What is said of random policies is held against a direct reading of them, packet by packet.
#include "control/dialect/translate.hpp"
#include "test/unit/control/compile/world.hpp"
#include "test/unit/control/lint/scenario.hpp"

#include <map>
#include <random>
#include <set>
#include <tuple>

using namespace tierwall;

namespace {

class Author {
public:
    explicit Author(std::uint32_t seed) : random_(seed) {}

    std::string cluster() {
        std::string text = spaces();
        for (int i = 0; i < 6; ++i) text += some_pod(i);
        return text;
    }
    std::string some_pod(int number) {
        const std::string head = "s" + digit(3) + "/p" + std::to_string(number) +
                                 pick({"", " app=x", " app=y", " app=x tier=f", " tier=f"});
        return lint::pod(head, "10.0." + digit(2) + "." + std::to_string(number + 1));
    }
    std::string policies() {
        std::string text;
        for (int i = 0; i < 4; ++i) {
            const std::string head =
                "c" + std::to_string(i) + pick({" Admin ", " Baseline "}) + digit(3);
            const bool egress = number(2) == 0;
            std::string rules;
            for (int count = 1 + number(3); count > 0; --count) {
                rules += (rules.empty() ? "" : ", ") + rule(egress);
            }
            const std::string list = egress ? "egress: [" : "ingress: [";
            text += lint::cluster_policy(head, peer(true), list + rules + "]");
        }
        if (number(3) == 0) {
            text += lint::network_policy("s0/isolate",
                                         "podSelector: {}, policyTypes: [Ingress, Egress]");
        }
        return text;
    }

    std::string spaces() {
        return lint::space("s0 team=a") + lint::space("s1 team=b") + lint::space("s2");
    }
    /// Policies that leave the Baseline tier little, and one of that tier.
    std::string guards() {
        std::string text;
        for (int i = 0; i < 3; ++i) {
            const std::string head = "g" + std::to_string(i) + " Admin " + digit(3);
            const bool egress = number(3) != 0;
            const std::string broad =
                pick({"Deny", "Accept"}) + (egress ? ", to: [" : ", from: [") +
                (egress ? pick({"{namespaces: {}}", "{networks: [0.0.0.0/0]}",
                                "{networks: [0.0.0.0/0, \"::/0\"]}"})
                        : std::string("{namespaces: {}}")) +
                "]" +
                pick({"", "",
                      ", protocols: [{tcp: {destinationPort: {range: {start: 1, end: "
                      "3}}}}]"});
            const std::string list = egress ? "egress: [" : "ingress: [";
            text += lint::cluster_policy(
                head, number(2) == 0 ? "" : peer(true),
                list + (number(3) == 0 ? rule(egress) + ", " : "") + "{action: " + broad + "}]");
        }
        for (const char* name : {"s0", "s1", "s2"}) {
            if (number(4) != 0) continue;
            text += lint::network_policy(
                std::string(name) + "/isolate",
                "podSelector: " + pick({"{}", "{matchLabels: {app: x}}"}) + ", policyTypes: [" +
                    pick({"Ingress", "Egress", "Ingress, Egress"}) + "], egress: []");
        }
        return text + lint::cluster_policy("base Baseline 1", number(2) == 0 ? "" : peer(true),
                                           "egress: [" + rule(true) + ", " + rule(true) +
                                               "], ingress: [" + rule(false) + "]");
    }

private:
    int number(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
    std::string digit(int end) { return std::to_string(number(end)); }
    std::string pick(const std::vector<std::string>& words) {
        return words[static_cast<std::size_t>(number(static_cast<int>(words.size())))];
    }
    std::string peer(bool just_pods) {
        const std::string spaces = pick({"{}", "{}", "{matchLabels: {team: a}}",
                                         "{matchLabels: {kubernetes.io/metadata.name: s1}}",
                                         "{matchExpressions: [{key: team, operator: Exists}]}"});
        const std::string pods =
            pick({"{}", "{matchLabels: {app: x}}", "{matchLabels: {tier: f}}",
                  "{matchExpressions: [{key: app, operator: NotIn, values: [\"y\"]}]}"});
        const int kind = number(just_pods ? 4 : 6);
        if (kind < 2) return "{namespaces: " + spaces + "}";
        if (kind < 4)
            return "{pods: {namespaceSelector: " + spaces + ", podSelector: " + pods + "}}";
        return "{networks: [" + pick({"0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/16", "10.0.1.0/24"}) +
               "]}";
    }
    std::string rule(bool egress) {
        const std::string ports =
            pick({"", "", ", protocols: [{tcp: {destinationPort: {number: 2}}}]",
                  ", protocols: [{tcp: {destinationPort: {range: {start: 1, end: 3}}}}]",
                  ", protocols: [{tcp: {destinationPort: {range: {start: 3, end: 4}}}}, "
                  "{udp: {destinationPort: {number: 2}}}]"});
        // Networks are peers of egress only.
        const bool just_pods = !egress || number(2) == 0;
        const std::string peers = peer(just_pods) + (number(2) == 0 ? ", " + peer(just_pods) : "");
        return "{action: " + pick({"Accept", "Deny", "Pass"}) + (egress ? ", to: [" : ", from: [") +
               peers + "]" + ports + "}";
    }

    std::mt19937 random_;
};

compile::World world_of(const kube::Contents& objects) {
    kube::Store store;
    store.replace("f", objects);
    compile::World world;
    world.cluster = store.objects().cluster;
    std::vector<kube::Problem> problems;
    world.policies = dialect::translate(store.objects(), problems);
    return world;
}

/// Addresses of nobody, in and beside the blocks that policies name.
constexpr const char* kNobody[] = {"10.0.0.0",     "10.0.0.255", "10.0.1.0", "10.0.1.255",
                                   "10.0.255.255", "0.0.0.0",    "11.0.0.1"};

/// Which rule decided, for every packet between two pods of the world, or from one to nobody.
using Decisions = std::map<std::tuple<int, std::string, std::string, int, int>, compile::Answer>;
Decisions decisions(const compile::World& world) {
    Decisions all;
    const auto ask = [&](const std::string& from, const std::string& to, base::Address source,
                         base::Address destination) {
        for (const auto& [protocol, port] :
             {std::pair{6, 1}, {6, 2}, {6, 3}, {6, 4}, {6, 5}, {17, 1}, {17, 2}, {1, 0}}) {
            for (const auto direction : {base::Direction::Egress, base::Direction::Ingress}) {
                all[{static_cast<int>(direction), from, to, protocol, port}] = world.expected(
                    direction, {source, destination, static_cast<std::uint8_t>(protocol),
                                static_cast<std::uint16_t>(port)});
            }
        }
    };
    for (const auto& [from, source] : world.cluster.pods) {
        for (const auto& [to, destination] : world.cluster.pods) {
            if (from != to) ask(from, to, source.addresses[0], destination.addresses[0]);
        }
        for (const char* nobody : kNobody) {
            ask(from, nobody, source.addresses[0], *base::parse_address(nobody));
        }
    }
    return all;
}

using Place = std::tuple<std::string, bool, int>;  ///< policy, egress, rule
std::set<Place> that_decide(const Decisions& all) {
    std::set<Place> places;
    for (const auto& [packet, answer] : all) {
        places.insert({answer.policy, std::get<0>(packet) == 0, answer.index});
    }
    return places;
}

/// One policy of four in audit mode.
std::string partly_audited(const std::string& policies, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::string text;
    for (std::size_t at = 0; at < policies.size();) {
        const std::size_t end = std::min(policies.find("---\n", at + 1), policies.size());
        const std::string object = policies.substr(at, end - at);
        text += random() % 4 == 0 ? lint::audited(object) : object;
        at = end;
    }
    return text;
}

/// Without what is told of: a rule, or all of a direction.
compile::World without(compile::World world, const lint::Finding& finding) {
    const std::string& field = finding.problem.field;
    for (policy::Policy& each : world.policies) {
        if (each.path() != finding.problem.object) continue;
        auto& rules = field.starts_with("spec.egress") ? each.egress : each.ingress;
        if (field.find('[') == std::string::npos) {
            rules.clear();
            continue;
        }
        const auto index = static_cast<std::uint32_t>(std::stoi(field.substr(field.find('[') + 1)));
        std::erase_if(rules, [index](const policy::Rule& rule) { return rule.index == index; });
    }
    return world;
}

bool is_same_verdict(const Decisions& a, const Decisions& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& two) {
        return one.first == two.first && one.second.allowed == two.second.allowed;
    });
}

/// Policies of one tier and priority in the opposite order of names.
compile::World turned_round(compile::World world) {
    for (policy::Policy& each : world.policies) {
        if (each.tier != base::kTierNetworkPolicy)
            each.name[1] = static_cast<char>('9' - each.name[1] + '0');
    }
    return world;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_shadowed_rule_decides_nothing_whatever_pods_come) {
    int said = 0;
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        Author author(seed);
        const std::string policies = author.policies();
        std::string cluster = author.cluster();
        const auto findings = lint::warnings(lint::contents(cluster + policies));
        // More pods than were there when it was said; blocks speak of those that were there.
        const bool any_pods = policies.find("networks") == std::string::npos;
        for (int i = 10; any_pods && i < 16; ++i) cluster += author.some_pod(i);
        const auto places = that_decide(decisions(world_of(lint::contents(cluster + policies))));
        for (const lint::Finding& each : findings) {
            if (each.rule != "rule-shadowed") continue;
            ++said;
            const std::string& field = each.problem.field;
            const bool egress = field.starts_with("spec.egress[");
            const int index = std::stoi(field.substr(field.find('[') + 1));
            BOOST_TEST(!places.contains({each.problem.object, egress, index}),
                       "seed " << seed << " " << each.problem.object << " " << field);
        }
    }
    BOOST_TEST(said > 100);
}

BOOST_AUTO_TEST_CASE(policies_tie_when_their_order_turns_some_decision_round) {
    int said = 0;
    int silent = 0;
    int missed = 0;
    for (std::uint32_t seed = 1000; seed < 1400; ++seed) {
        Author author(seed);
        std::string text = author.cluster();
        const std::string policies = author.policies();
        text += seed % 2 == 0 ? policies : partly_audited(policies, seed);
        const auto objects = lint::contents(text);
        const auto findings = lint::warnings(objects);
        const bool tells = std::any_of(findings.begin(), findings.end(), [](const auto& each) {
            return each.rule == "priority-tie";
        });
        const compile::World world = world_of(objects);
        const Decisions one = decisions(world);
        const Decisions other = decisions(turned_round(world));
        bool differs = false;
        for (const auto& [packet, answer] : one) {
            const compile::Answer& turned = other.at(packet);
            // In the last tier what passes is allowed like what is accepted.
            const bool is_last = turned.tier >= base::kTierBaseline &&
                                 answer.tier >= base::kTierBaseline &&
                                 turned.allowed == answer.allowed;
            differs = differs || turned.allowed != answer.allowed ||
                      (!is_last && (turned.tier != answer.tier || turned.action != answer.action));
        }
        if (tells) BOOST_TEST(differs, "seed " << seed);
        missed += differs && !tells ? 1 : 0;
        said += tells ? 1 : 0;
        silent += tells ? 0 : 1;
    }
    BOOST_TEST(said > 30);
    BOOST_TEST(silent > 30);
    // Of many pairs of ends only some are tried.
    BOOST_TEST(missed <= 2);
}

BOOST_AUTO_TEST_CASE(what_never_acts_in_the_baseline_can_be_removed_without_any_change_of_verdict) {
    int rules = 0;
    int directions = 0;
    int without_pods = 0;
    int acting = 0;
    for (std::uint32_t seed = 2000; seed < 2500; ++seed) {
        Author author(seed);
        const std::string guards = partly_audited(author.guards(), seed);
        const std::string cluster = author.cluster();
        const compile::World world = world_of(lint::contents(cluster + guards));
        const Decisions before = decisions(world);
        // What is said without pods holds for any.
        for (const std::string& given : {cluster, author.spaces()}) {
            const auto findings = lint::warnings(lint::contents(given + guards));
            std::set<std::string> told;
            for (const lint::Finding& each : findings) {
                if (each.rule != "baseline-never-acts") continue;
                told.insert(each.problem.field);
                const bool is_rule = each.problem.field.find('[') != std::string::npos;
                ++(given != cluster ? without_pods : is_rule ? rules : directions);
                BOOST_TEST(is_same_verdict(before, decisions(without(world, each))),
                           "seed " << seed << " " << each.problem.field);
            }
            acting += told.empty() ? 1 : 0;
        }
    }
    BOOST_TEST(rules > 60);
    BOOST_TEST(directions > 10);
    BOOST_TEST(without_pods > 60);
    BOOST_TEST(acting > 100);
}
