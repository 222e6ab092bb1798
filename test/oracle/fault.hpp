// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Fault: a mistake that a judge is told to make.
///
/// Each is one a person could make in reading the API's text. The random search has to find every
/// one of them, and the shrinker has to make each small; a search that does not is blind there.
///
/// Threads: values.
/// Memory:  none.
/// Cost:    irrelevant; only tests use it.

#include <array>
#include <cstddef>

namespace tierwall::oracle {

// clang-format off
#define TIERWALL_ORACLE_FAULTS(X)                                                                  \
    X(None)                                                                                        \
    X(NotInNeedsKey) X(DoesNotExistNeedsKey) X(EmptyValueIsMissing) X(MissingEqualsEmpty)          \
    X(ExpressionsAreOred) X(LabelsAloneCount) X(MetadataNameIsForged)                              \
    X(NoNamespaceSelectorIsAll) X(EmptyNamespaceSelectorIsOwn) X(PodsPeerIsOred)                   \
    X(EmptyPeersMatchNothing) X(EmptyPortsMatchNothing) X(EmptyPortsMatchTcp)                      \
    X(NoProtocolIsAny) X(ProtocolIsIgnored) X(FirstPortIsOutside) X(LastPortIsOutside)             \
    X(EndPortIsIgnored) X(ReversedRangeIsTurned) X(SourcePortCounts)                               \
    X(NamedPortAnyProtocol) X(NamedPortAnyNumber) X(NamedPortOfTheSource) X(NamedPortOfSubject)    \
    X(NamedPortMatchesNetworks) X(NamedPortNotInBlocks) X(InitContainersCount) X(SidecarsDoNot)    \
    X(ExceptIsIgnored) X(ExceptEndsRule) X(FirstExceptOnly) X(HostBitsMatter) X(LastIpIsOutside)   \
    X(FirstIpIsOutside) X(ZeroBlockIsBothFamilies) X(BlocksMissPods) X(BlocksMissNodes)            \
    X(TypesAreIgnored) X(EgressNeedsNoRules) X(RulesOfOtherTypeCount) X(UnsoundIsOpen)             \
    X(FinalInBothDirections) X(BaselineRescues) X(BaselineFirst) X(ClusterPoliciesIsolate)         \
    X(PassEndsPolicyOnly) X(PassIsAccept) X(PassInBaselineDenies) X(AcceptEndsBothDirections)      \
    X(PriorityIsReversed) X(TiesAreReversed) X(KindIsIgnored) X(RulesAreReversed)                  \
    X(SubjectNamespacesIgnored) X(SubjectPodsIgnored)                                              \
    X(UnknownPeerIsSkipped) X(UnknownPassPasses) X(UnknownAcceptMatches) X(UnknownDenyIsNothing)   \
    X(UnknownProtocolIsSkipped) X(UnknownRuleFieldIsSkipped) X(NamesAnywhere)                      \
    X(IcmpMatchesPorts) X(IcmpIsFree) X(OtherProtocolsAreFree)                                     \
    X(HostNetworkIsPod) X(TerminatedKeepsIp) X(OldestWins) X(OnlyFirstIp) X(PodsWithoutNodeMissed) \
    X(OwnNodeIsStopped) X(OwnNodeIsReached) X(EveryNodeEnters) X(NodesAreTheirPods)                \
    X(OwnNodeIsNotReached) X(SelfIsJudged) X(SelfIsOneAddress) X(OneNodeHasIt)                     \
    X(HostPodsHaveNoAddress) X(PodHidesNode) X(PodIsTheNode) X(EgressIsIgnored)                    \
    X(IngressIsIgnored)                                                                            \
    X(AuditIsIgnored) X(AuditedPolicyIsSkipped) X(AuditedRulesDoNotAllow) X(AuditedIsolates)       \
    X(AuditedEndsAtBaseline) X(AuditedAdmitsOwnNode) X(AuditedDenyEndsPolicy)                      \
    X(AuditedDenyIsPass) X(AuditedClosedRulesDeny) X(NamespaceModeIsIgnored) X(NamespaceModeWins)  \
    X(WrongModeAudits) X(WrongModeIsNone) X(AuditOfEgressIsMissed) X(AuditOfIngressIsMissed)       \
    X(AuditOfWhatIsDenied)                                                                         \
    X(WildcardMatchesApex) X(WildcardIsOneLabel) X(NameCaseMatters) X(NameDotMatters)
// clang-format on

enum class Fault {
#define TIERWALL_ORACLE_FAULT(name) name,
    TIERWALL_ORACLE_FAULTS(TIERWALL_ORACLE_FAULT)
#undef TIERWALL_ORACLE_FAULT
};

struct NamedFault {
    Fault fault;
    const char* name;
};

inline constexpr NamedFault kFaults[] = {
#define TIERWALL_ORACLE_FAULT(name) {Fault::name, #name},
    TIERWALL_ORACLE_FAULTS(TIERWALL_ORACLE_FAULT)
#undef TIERWALL_ORACLE_FAULT
};

}  // namespace tierwall::oracle
