/* One row of a file of organizations: is it one, and what does it say? Pure. */
#ifndef BB_CLI_PARTNER_ROW_H
#define BB_CLI_PARTNER_ROW_H

#include "list_file.h"

#include "client/lib/backbone.h"
#include "proto/limits.h"

enum bb_partner_column {
    BB_PARTNER_CODE,
    BB_PARTNER_NAME,
    BB_PARTNER_ROLE,
    BB_PARTNER_ALIAS,
    BB_PARTNER_JOINED,
    BB_PARTNER_COLUMNS
};

extern const char *const bb_partner_columns[BB_PARTNER_COLUMNS + 1]; /* ended by NULL */

struct bb_partner_row {
    const char *alias[BB_LIMIT_ALIASES];
    size_t n_aliases;
    char *texts; /* where they stand */
};

/* row: borrowed as long as the result. 0 | 1: refused, with the column and a sentence (found, expected) |
 * -ENOMEM. Release it in any case. */
int bb_partner_row_read(const struct bb_list_row *row, struct bb_partner_row *ret_partner,
                        const char **ret_column, char *reason, size_t size);
void bb_partner_row_release(struct bb_partner_row *partner);

/* The request for it: registers the organization, or changes it when it is there. Borrows both. */
struct bb_partner_change bb_partner_row_change(const struct bb_list_row *row,
                                               const struct bb_partner_row *partner);

#endif
