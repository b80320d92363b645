#include "errors.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *meaning;
    bool retryable;
} errors[] = {
#define X(number, name, retryable, meaning) [number] = {#name, meaning, retryable},
    BB_ERRORS(X)
#undef X
};

#define COUNT (sizeof errors / sizeof errors[0])

const char *
bb_error_name(uint32_t code)
{
    return code < COUNT && errors[code].name ? errors[code].name : "UNKNOWN";
}

const char *
bb_error_meaning(uint32_t code)
{
    return code < COUNT && errors[code].meaning ? errors[code].meaning
                                                : "an error this version does not know";
}

bool
bb_error_retryable(uint32_t code)
{
    return code < COUNT && errors[code].retryable;
}
