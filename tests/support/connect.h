/* The options by which a program of the tests is told its broker: --endpoint E --server-key K --key FILE.
 *
 * A program puts CONNECT_OPTIONS first in its table for getopt_long(), and gives what is found to
 * connect_option() before it looks at it itself. The letters e, s and k are taken. */
#ifndef BB_TESTS_CONNECT_H
#define BB_TESTS_CONNECT_H

#include "client/lib/backbone.h"

#include <stdbool.h>

/* clang-format off */
#define CONNECT_OPTIONS {"endpoint", 1, NULL, 'e'}, {"server-key", 1, NULL, 's'}, {"key", 1, NULL, 'k'}
/* clang-format on */

/* Whether it was one of them; the value is borrowed by *options. */
bool connect_option(int option, const char *value, struct bb_client_options *options);

#endif
