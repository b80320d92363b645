/* What every unit test includes: cmocka with the headers it wants, and messages that name the row of a table.
 */
#ifndef BB_TESTS_CHECK_H
#define BB_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* So many rounds of a long loop; a quarter of them where sanitizers make each of them long. */
#ifdef __SANITIZE_ADDRESS__
#define FEWER(n) (((n) + 3) / 4)
#else
#define FEWER(n) (n)
#endif

/* Fail with the row's name when the condition does not hold. */
#define check(condition, what)                                                                               \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fail_msg("%s: %s", (what), #condition);                                                          \
    } while (0)

#define check_int(found, expected, what)                                                                     \
    do {                                                                                                     \
        long long found_ = (long long)(found), expected_ = (long long)(expected);                            \
        if (found_ != expected_)                                                                             \
            fail_msg("%s: %s is %lld, expected %lld", (what), #found, found_, expected_);                    \
    } while (0)

#define check_text(found, expected, what)                                                                    \
    do {                                                                                                     \
        const char *found_ = (found), *expected_ = (expected);                                               \
        if (strcmp(found_, expected_) != 0)                                                                  \
            fail_msg("%s: %s is \"%s\", expected \"%s\"", (what), #found, found_, expected_);                \
    } while (0)

#endif
