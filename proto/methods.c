#include "methods.h"

#include "wire.pb-c.h"

#include <stddef.h>
#include <string.h>

static const struct method {
    struct bb_method_info info;
    enum bb_scope scope[BB__ROLE__ROLE_SERVICE + 1];
} methods[BB_METHOD_MAX + 1] = {
#define X(number, id, text, service_, lane_, op, staff, partner, observer, caller)                           \
    [number] = {.info = {.name = text, .service = BB_SERVICE_##service_, .lane = BB_LANE_##lane_},           \
                .scope = {[BB__ROLE__ROLE_OPERATOR] = BB_SCOPE_##op,                                         \
                          [BB__ROLE__ROLE_STAFF] = BB_SCOPE_##staff,                                         \
                          [BB__ROLE__ROLE_PARTNER] = BB_SCOPE_##partner,                                     \
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

enum bb_scope
bb_method_scope(uint32_t method, uint32_t role)
{
    if (method > BB_METHOD_MAX || role > BB__ROLE__ROLE_SERVICE)
        return BB_SCOPE_NONE;
    return methods[method].scope[role];
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
