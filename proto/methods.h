/* Who may what: methods x roles x relation to the object. One table, default deny, read by broker and
 * workers.
 *
 * The broker decides whether a role may call a method at all; the worker that answers decides what of the
 * answer the caller's relation to each object lets it see, by bb_method_scope(). */
#ifndef BB_METHODS_H
#define BB_METHODS_H

#include <stdbool.h>
#include <stdint.h>

/* What of the objects of a method a role may touch. */
enum bb_scope {
    BB_SCOPE_NONE = 0,
    BB_SCOPE_OWN = 1, /* objects of the caller's own organization */
    BB_SCOPE_SHARED =
        2, /* own ones, those of organizations that share, and totals of two or more organizations */
    BB_SCOPE_TOTALS = 3, /* totals only */
    BB_SCOPE_ALL = 4,
};

enum bb_lane { BB_LANE_COMMAND = 0, BB_LANE_QUERY = 1, BB_LANES = 2 };

enum bb_service {
    BB_SERVICE_BROKER = 0,
    BB_SERVICE_MEASUREMENT = 1,
    BB_SERVICE_COMMUNICATION = 2,
    BB_SERVICES = 3,
};

/* X(number, NAME, "name", service, lane, then the scope of each role: operator, manager, data manager,
 * facilitator, reporter, reader, observer, a service that calls) */
/* clang-format off */
#define BB_METHODS(X) \
    X(1, STATUS, "status", BROKER, QUERY, ALL, ALL, ALL, ALL, NONE, NONE, NONE, NONE) \
    X(2, PARTNER_PUT, "partner.put", BROKER, COMMAND, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(3, PARTNER_LIST, "partner.list", BROKER, QUERY, ALL, ALL, ALL, ALL, OWN, OWN, OWN, NONE) \
    X(4, MEMBER_PUT, "member.put", BROKER, COMMAND, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(5, PARTNER_INVITE, "partner.invite", BROKER, COMMAND, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(6, INVITATION_LIST, "invitation.list", BROKER, QUERY, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(7, PARTNER_APPROVE, "partner.approve", BROKER, COMMAND, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(8, PARTNER_REVOKE, "partner.revoke", BROKER, COMMAND, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(9, KEY_ROTATE, "key.rotate", BROKER, COMMAND, NONE, OWN, OWN, OWN, OWN, OWN, OWN, NONE) \
    X(10, AUDIT_LIST, "audit.list", BROKER, QUERY, ALL, ALL, NONE, NONE, NONE, NONE, NONE, NONE) \
    X(11, ACCESS_EXPLAIN, "access.explain", BROKER, QUERY, ALL, ALL, ALL, ALL, OWN, OWN, OWN, NONE) \
    X(32, SUBMIT, "measurement.submit", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, OWN, NONE, NONE, NONE) \
    X(33, INDICATOR_DEFINE, "indicator.define", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, NONE, NONE, NONE, NONE) \
    X(34, INDICATOR_LIST, "indicator.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, ALL, ALL, ALL, ALL) \
    X(35, PLACE_DEFINE, "place.define", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, NONE, NONE, NONE, NONE) \
    X(36, PLACE_LIST, "place.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, ALL, ALL, ALL, NONE) \
    X(37, READINGS_LIST, "readings.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, SHARED, SHARED, NONE, NONE) \
    X(38, READINGS_HISTORY, "readings.history", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, SHARED, SHARED, NONE, NONE) \
    X(39, TREND, "trend", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, SHARED, SHARED, TOTALS, NONE) \
    X(40, MEASUREMENT_STATUS, "measurement.status", MEASUREMENT, QUERY, ALL, ALL, ALL, ALL, NONE, NONE, NONE, NONE) \
    X(41, MEASUREMENT_FOLLOW, "measurement.follow", MEASUREMENT, QUERY, NONE, NONE, NONE, NONE, NONE, NONE, NONE, ALL) \
    X(42, ADOPT, "indicator.adopt", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, OWN, NONE, NONE, NONE) \
    X(43, ADOPTION_LIST, "adoption.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, ALL, ALL, ALL, NONE) \
    X(44, RETIRE, "indicator.retire", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, NONE, NONE, NONE, NONE) \
    X(45, REVIEW, "submission.review", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, OWN, NONE, NONE, NONE) \
    X(46, REVIEW_LIST, "submission.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(47, RULE_DEFINE, "rule.define", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, NONE, NONE, NONE, NONE) \
    X(48, RULE_LIST, "rule.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, ALL, ALL, ALL, NONE) \
    X(49, RULE_CHECK, "rule.check", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(50, REPORTING, "reporting", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, ALL) \
    X(51, PROGRESS, "progress", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, SHARED, SHARED, TOTALS, NONE) \
    X(52, BATCH_LIST, "batch.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(53, BATCH_SHOW, "batch.show", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(54, BATCH_UNDO, "batch.undo", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, OWN, NONE, NONE, NONE) \
    X(55, CHAIN, "chain.export", MEASUREMENT, QUERY, ALL, ALL, ALL, ALL, ALL, ALL, ALL, NONE) \
    X(56, SIGNING_PUT, "signing.put", MEASUREMENT, COMMAND, NONE, ALL, ALL, NONE, OWN, NONE, NONE, NONE) \
    X(57, SIGNING_LIST, "signing.list", MEASUREMENT, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(64, MESSAGE_PUBLISH, "message.publish", COMMUNICATION, COMMAND, NONE, ALL, ALL, ALL, OWN, NONE, NONE, NONE) \
    X(65, MESSAGE_WITHDRAW, "message.withdraw", COMMUNICATION, COMMAND, NONE, ALL, ALL, ALL, OWN, NONE, NONE, NONE) \
    X(66, MESSAGE_MARK, "message.mark", COMMUNICATION, COMMAND, NONE, OWN, OWN, OWN, OWN, OWN, OWN, NONE) \
    X(67, MESSAGE_LIST, "message.list", COMMUNICATION, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, OWN, NONE) \
    X(68, MESSAGE_STATUS, "message.status", COMMUNICATION, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, NONE, NONE) \
    X(69, SUBSCRIPTION_PUT, "subscription.put", COMMUNICATION, COMMAND, NONE, OWN, OWN, OWN, OWN, OWN, OWN, NONE) \
    X(70, SUBSCRIPTION_REMOVE, "subscription.remove", COMMUNICATION, COMMAND, NONE, OWN, OWN, OWN, OWN, OWN, OWN, NONE) \
    X(71, SUBSCRIPTION_LIST, "subscription.list", COMMUNICATION, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, OWN, NONE) \
    X(72, GROUP_PUT, "group.put", COMMUNICATION, COMMAND, NONE, ALL, NONE, ALL, NONE, NONE, NONE, NONE) \
    X(73, GROUP_MEMBER, "group.member", COMMUNICATION, COMMAND, NONE, ALL, NONE, ALL, NONE, NONE, NONE, NONE) \
    X(74, GROUP_LIST, "group.list", COMMUNICATION, QUERY, NONE, ALL, ALL, ALL, OWN, OWN, OWN, NONE) \
    X(75, COMMUNICATION_STATUS, "communication.status", COMMUNICATION, QUERY, ALL, ALL, ALL, ALL, NONE, NONE, NONE, NONE)
/* clang-format on */

enum bb_method {
#define X(number, id, ...) BB_METHOD_##id = (number),
    BB_METHODS(X)
#undef X
};

#define BB_METHOD_MAX 127

struct bb_method_info {
    const char *name; /* NULL: no such method */
    enum bb_service service;
    enum bb_lane lane;
};

/* NULL when there is no such method. Static. */
const struct bb_method_info *bb_method_info(uint32_t method);

/* Does it change who takes part and may do what, what is counted, or who is told? Then the audit log says who
 * called it. */
bool bb_method_is_administrative(uint32_t method);

/* What this role may touch by this method. role: a number of enum Bb__Role; anything unknown gets
 * BB_SCOPE_NONE. */
enum bb_scope bb_method_scope(uint32_t method, uint32_t role);

#define BB_ROLES 11u /* numbers of enum Bb__Role */

/* The class of a member's role: STAFF, PARTNER, OBSERVER; any other number is its own class. */
uint32_t bb_role_class(uint32_t role);

/* What an organization's class, or a member's role, is called: "staff", "partner", "observer"; "manager",
 * "data-manager", "facilitator", "reporter", "reader", "observer", "operator". NULL for any other. Static. */
const char *bb_class_word(uint32_t role);
const char *bb_role_word(uint32_t role);

/* The class, or the role, of this word; ROLE_NONE for any other. A class as the role of a member is who may
 * do all of it. */
uint32_t bb_class_by_word(const char *word);
uint32_t bb_role_by_word(const char *word);

/* "SHARED". Static. */
const char *bb_scope_name(enum bb_scope scope);

/* The method of this name; 0: none. */
uint32_t bb_method_by_name(const char *name);

/* "measurement"; NULL for an unknown number. Static. */
const char *bb_service_name(uint32_t service);

/* The service of this name, or -1. */
int bb_service_by_name(const char *name);

#endif
