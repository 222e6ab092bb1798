// SPDX-License-Identifier: Apache-2.0
#include "control/kube/mode.hpp"

#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"
#include "control/kube/store.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::kube;

namespace {

Contents objects_of(const std::string& yaml) {
    const auto documents = document::parse_yaml(yaml, "f");
    BOOST_REQUIRE(documents.ok());
    std::vector<Decoded> objects;
    for (const auto& root : documents->roots()) decode(root, "f", objects);
    Contents result;
    for (Decoded& object : objects) {
        result.push_back(std::make_shared<const Decoded>(std::move(object)));
    }
    return result;
}

struct Annotatable {
    const char* head;  ///< up to the name
    const char* body;
    const char* path;
};
std::ostream& operator<<(std::ostream& out, const Annotatable& kind) { return out << kind.path; }

const Annotatable kAnnotatable[] = {
    {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\n"
     "  namespace: shop\n",
     "spec: {podSelector: {}}\n", "NetworkPolicy/shop/web"},
    {"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata:\n"
     "  name: guard\n",
     "spec: {tier: Admin, priority: 1, subject: {namespaces: {}}}\n", "ClusterNetworkPolicy/guard"},
    {"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n", "", "Namespace/shop"},
};

std::string annotated(const Annotatable& kind, const std::string& annotations) {
    return std::string("---\n") + kind.head + "  annotations: " + annotations + "\n" + kind.body;
}

struct Annotation {
    const char* annotations;
    Mode mode;
    const char* field;  ///< of what is wrong; empty: nothing is
    const char* message;
};
std::ostream& operator<<(std::ostream& out, const Annotation& written) {
    return out << written.annotations;
}

constexpr const char* kModeField = "metadata.annotations[tierwall.io/mode]";

const Annotation kAnnotations[] = {
    {"{tierwall.io/mode: audit}", Mode::Audit, "", ""},
    {"{tierwall.io/mode: enforce}", Mode::Enforce, "", ""},
    {"{other.io/mode: Audit}", Mode::Unset, "", ""},
    {"{}", Mode::Unset, "", ""},
    {"", Mode::Unset, "", ""},
    {"{tierwall.io/mode: Audit}", Mode::Enforce, kModeField,
     "\"Audit\" is not supported: audit or enforce; it is enforced"},
    {"{tierwall.io/mode: \"\"}", Mode::Enforce, kModeField,
     "\"\" is not supported: audit or enforce; it is enforced"},
    {"{tierwall.io/mode: \"audit \"}", Mode::Enforce, kModeField,
     "\"audit \" is not supported: audit or enforce; it is enforced"},
    {"{tierwall.io/mode: true}", Mode::Enforce, kModeField,
     "a boolean is not supported: audit or enforce; it is enforced"},
    {"{tierwall.io/mode: }", Mode::Enforce, kModeField,
     "null is not supported: audit or enforce; it is enforced"},
    {"\"tierwall.io/mode: audit\"", Mode::Enforce, "metadata.annotations",
     "must be an object, not a string"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mode_annotation)

BOOST_DATA_TEST_CASE(what_is_no_mode_is_named_by_lint_and_enforced,
                     data::make(kAnnotatable) * data::make(kAnnotations), kind, written) {
    const Contents contents = objects_of(annotated(kind, written.annotations));
    BOOST_REQUIRE_EQUAL(contents.size(), 1u);
    BOOST_TEST((contents[0]->mode == written.mode));
    // Whatever the mode is, the rest of the object is as good as it was.
    BOOST_TEST((contents[0]->soundness == Soundness::Sound));
    const std::vector<Problem> problems = lint(contents, Channel::Standard);
    const bool wrong = *written.field != '\0';
    BOOST_REQUIRE_EQUAL(problems.size(), wrong ? 1u : 0u);
    Store store;
    store.replace("f", contents);
    BOOST_TEST(store.problems().size() == problems.size());
    BOOST_TEST(store.blocked().empty());
    if (!wrong) return;
    BOOST_TEST(problems[0].object == kind.path);
    BOOST_TEST(problems[0].field == written.field);
    BOOST_TEST(problems[0].message == written.message);
    BOOST_TEST(is_error(problems[0]));
    BOOST_TEST(problems[0].path == "f");
    BOOST_TEST(problems[0].line != 0u);
}

BOOST_AUTO_TEST_CASE(the_store_knows_the_mode_that_is_in_force) {
    const Annotatable& policy = kAnnotatable[0];
    const std::string audit = "{tierwall.io/mode: audit}";
    Store store;
    const auto audited = [&store] {
        return store.objects().is_audited("NetworkPolicy/shop/web", "shop");
    };
    store.replace("f", objects_of(annotated(policy, audit)));
    BOOST_TEST(audited());
    auto version = store.version();
    store.replace("f", objects_of(annotated(policy, "{tierwall.io/mode: enforce}")));
    BOOST_TEST(!audited());
    BOOST_TEST(store.version() != version);
    // A slip of the pen enforces, also where the last good version was audited.
    store.replace("f", objects_of(annotated(policy, audit)));
    store.replace("f", objects_of(annotated(policy, "{tierwall.io/mode: audti}")));
    BOOST_TEST(!audited());
    // The namespace says it for policies that do not.
    store.replace("n", objects_of(annotated(kAnnotatable[2], audit)));
    BOOST_TEST(!audited());
    store.replace("f", objects_of(annotated(policy, "{}")));
    BOOST_TEST(audited());
    BOOST_TEST(!store.objects().is_audited("NetworkPolicy/other/web", "other"));
    BOOST_TEST(!store.objects().is_audited("ClusterNetworkPolicy/guard", ""));
    store.replace("f", objects_of(annotated(policy, "{tierwall.io/mode: enforce}")));
    BOOST_TEST(!audited());
    store.replace("f", objects_of(annotated(policy, "{}")));
    version = store.version();
    store.forget("n");
    BOOST_TEST(!audited());
    BOOST_TEST(store.version() != version);
    BOOST_TEST(store.objects().modes.empty());
}

BOOST_AUTO_TEST_CASE(a_policy_that_cannot_be_used_has_the_mode_of_what_stands_in_for_it) {
    const Annotatable broken{kAnnotatable[0].head,
                             "spec: {podSelector: {}, ingress: [{from: [{}]}]}\n",
                             kAnnotatable[0].path};
    const std::string path = kAnnotatable[0].path;
    Store fresh;
    fresh.replace("f", objects_of(annotated(broken, "{tierwall.io/mode: audit}")));
    BOOST_TEST(fresh.objects().network_policies.count("shop/web") == 1u);
    BOOST_TEST(fresh.objects().is_audited(path, "shop"));
    // A last good version that stays in force stays in the mode that it had.
    Store store;
    store.replace("f", objects_of(annotated(kAnnotatable[0], "{}")));
    store.replace("f", objects_of(annotated(broken, "{tierwall.io/mode: audit}")));
    BOOST_TEST(!store.objects().is_audited(path, "shop"));
}

BOOST_AUTO_TEST_CASE(two_objects_that_differ_in_mode_only_are_no_repetition) {
    Store store;
    store.replace("a", objects_of(annotated(kAnnotatable[0], "{tierwall.io/mode: audit}")));
    store.replace("b", objects_of(annotated(kAnnotatable[0], "{}")));
    BOOST_REQUIRE_EQUAL(store.problems().size(), 1u);
    BOOST_TEST(is_error(store.problems()[0]));
    BOOST_TEST(store.objects().is_audited("NetworkPolicy/shop/web", "shop"));
}

BOOST_AUTO_TEST_SUITE_END()
