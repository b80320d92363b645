/* A test with a broker of its own: started before with the lines that the list of tests names, abandoned
 * after if the test did not stop it. */
#ifndef BB_TESTS_BROKER_ONE_BROKER_H
#define BB_TESTS_BROKER_ONE_BROKER_H

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The test's. */
extern struct broker broker;

/* The state: lines for the configuration, or NULL. */
int one_broker_setup(void **state);
int one_broker_teardown(void **state);

/* A test in the list; lines: for the configuration, or NULL. */
#define WITH(name, lines)                                                                                    \
    cmocka_unit_test_prestate_setup_teardown(name, one_broker_setup, one_broker_teardown, (char *)(lines))

/* Opens with these keys and expects a refusal within the limit of a handshake (half a second, when the test
 * has set it, and one to spare); returns the event. */
int refused(const struct bb_keypair *keys, const char *server_key, int *ret_value);

#endif
