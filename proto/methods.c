#include "methods.h"

#include "wire.pb-c.h"

#include <stddef.h>
#include <string.h>

static const struct method {
    struct bb_method_info info;
    enum bb_scope scope[BB_ROLES];
} methods[BB_METHOD_MAX + 1] = {
#define X(number, id, text, service_, lane_, op, manager, data, facilitator, reporter, reader, observer,     \
          caller)                                                                                            \
    [number] = {.info = {.name = text, .service = BB_SERVICE_##service_, .lane = BB_LANE_##lane_},           \
                .scope = {[BB__ROLE__ROLE_OPERATOR] = BB_SCOPE_##op,                                         \
                          [BB__ROLE__ROLE_STAFF] = BB_SCOPE_##manager,                                       \
                          [BB__ROLE__ROLE_DATA_MANAGER] = BB_SCOPE_##data,                                   \
                          [BB__ROLE__ROLE_FACILITATOR] = BB_SCOPE_##facilitator,                             \
                          [BB__ROLE__ROLE_PARTNER] = BB_SCOPE_##reporter,                                    \
                          [BB__ROLE__ROLE_READER] = BB_SCOPE_##reader,                                       \
                          [BB__ROLE__ROLE_OBSERVER] = BB_SCOPE_##observer,                                   \
                          [BB__ROLE__ROLE_SERVICE] = BB_SCOPE_##caller}},
    BB_METHODS(X)
#undef X
};

static const char *const services[BB_SERVICES] = {
    [BB_SERVICE_BROKER] = "broker",
    [BB_SERVICE_MEASUREMENT] = "measurement",
    [BB_SERVICE_COMMUNICATION] = "communication",
};

const struct bb_method_info *
bb_method_info(uint32_t method)
{
    return method <= BB_METHOD_MAX && methods[method].info.name ? &methods[method].info : NULL;
}

bool
bb_method_is_administrative(uint32_t method)
{
    switch (method) {
    case BB_METHOD_PARTNER_PUT:
    case BB_METHOD_MEMBER_PUT:
    case BB_METHOD_PARTNER_INVITE:
    case BB_METHOD_PARTNER_APPROVE:
    case BB_METHOD_PARTNER_REVOKE:
    case BB_METHOD_KEY_ROTATE:
    case BB_METHOD_INDICATOR_DEFINE:
    case BB_METHOD_PLACE_DEFINE:
    case BB_METHOD_RETIRE:
    case BB_METHOD_RULE_DEFINE:
    case BB_METHOD_SIGNING_PUT:
    case BB_METHOD_GROUP_PUT:
    case BB_METHOD_GROUP_MEMBER:
        return true;
    default:
        return false;
    }
}

enum bb_scope
bb_method_scope(uint32_t method, uint32_t role)
{
    if (method > BB_METHOD_MAX || role >= BB_ROLES)
        return BB_SCOPE_NONE;
    return methods[method].scope[role];
}

static const struct role {
    const char *word;
    uint32_t class;
} roles[BB_ROLES] = {
    [BB__ROLE__ROLE_OPERATOR] = {"operator", BB__ROLE__ROLE_OPERATOR},
    [BB__ROLE__ROLE_STAFF] = {"manager", BB__ROLE__ROLE_STAFF},
    [BB__ROLE__ROLE_DATA_MANAGER] = {"data-manager", BB__ROLE__ROLE_STAFF},
    [BB__ROLE__ROLE_FACILITATOR] = {"facilitator", BB__ROLE__ROLE_STAFF},
    [BB__ROLE__ROLE_PARTNER] = {"reporter", BB__ROLE__ROLE_PARTNER},
    [BB__ROLE__ROLE_READER] = {"reader", BB__ROLE__ROLE_PARTNER},
    [BB__ROLE__ROLE_OBSERVER] = {"observer", BB__ROLE__ROLE_OBSERVER},
};

static const char *const classes[] = {
    [BB__ROLE__ROLE_STAFF] = "staff",
    [BB__ROLE__ROLE_PARTNER] = "partner",
    [BB__ROLE__ROLE_OBSERVER] = "observer",
};

#define CLASSES (sizeof classes / sizeof classes[0])

uint32_t
bb_role_class(uint32_t role)
{
    return role < BB_ROLES && roles[role].word ? roles[role].class : role;
}

const char *
bb_class_word(uint32_t role)
{
    return role < CLASSES ? classes[role] : NULL;
}

const char *
bb_role_word(uint32_t role)
{
    return role < BB_ROLES ? roles[role].word : NULL;
}

uint32_t
bb_class_by_word(const char *word)
{
    for (uint32_t role = 0; role < CLASSES; role++)
        if (classes[role] && strcmp(classes[role], word) == 0)
            return role;
    return BB__ROLE__ROLE_NONE;
}

uint32_t
bb_role_by_word(const char *word)
{
    for (uint32_t role = 0; role < BB_ROLES; role++)
        if (roles[role].word && strcmp(roles[role].word, word) == 0)
            return role;
    return bb_class_by_word(word);
}

const char *
bb_scope_name(enum bb_scope scope)
{
    static const char *const names[] = {
        [BB_SCOPE_NONE] = "NONE",     [BB_SCOPE_OWN] = "OWN", [BB_SCOPE_SHARED] = "SHARED",
        [BB_SCOPE_TOTALS] = "TOTALS", [BB_SCOPE_ALL] = "ALL",
    };

    return (size_t)scope < sizeof names / sizeof names[0] ? names[scope] : "NONE";
}

uint32_t
bb_method_by_name(const char *name)
{
    for (uint32_t method = 1; method <= BB_METHOD_MAX; method++)
        if (methods[method].info.name && strcmp(methods[method].info.name, name) == 0)
            return method;
    return 0;
}

const char *
bb_service_name(uint32_t service)
{
    return service < BB_SERVICES ? services[service] : NULL;
}

int
bb_service_by_name(const char *name)
{
    for (int i = 0; i < BB_SERVICES; i++)
        if (strcmp(services[i], name) == 0)
            return i;
    return -1;
}
