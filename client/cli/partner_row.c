#include "partner_row.h"

#include "partner.h"

#include "runtime/period.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bb_partner_columns[BB_PARTNER_COLUMNS + 1] = {"code",  "name",   "role",
                                                                "alias", "joined", NULL};

/* Of the row that is being read. */
struct refusal {
    const struct bb_list_row *row;
    const char **column;
    char *reason;
    size_t size;
};

static int
refuse(const struct refusal *refusal, enum bb_partner_column column, const char *expected)
{
    char shown[96];
    const char *cell = refusal->row->cell[column];
    *refusal->column = bb_partner_columns[column];
    snprintf(refusal->reason, refusal->size, "found '%s', expected %s",
             bb_text_quote(bb_bytes_str(cell ? cell : ""), shown, sizeof shown, 64), expected);
    return 1;
}

static int
check_name(const struct refusal *refusal, enum bb_partner_column column, const char *name)
{
    *refusal->column = bb_partner_columns[column];
    return bb_cli_is_name(name ? name : "", refusal->reason, refusal->size) ? 0 : 1;
}

static int
read_aliases(const struct refusal *refusal, struct bb_partner_row *partner)
{
    const char *list = refusal->row->cell[BB_PARTNER_ALIAS];
    if (!list)
        return 0;
    char *at = partner->texts = strdup(list);
    if (!at)
        return -ENOMEM;
    for (char *alias; (alias = strsep(&at, "|"));) {
        if (!*alias)
            continue;
        if (partner->n_aliases == BB_LIMIT_ALIASES)
            return refuse(refusal, BB_PARTNER_ALIAS, "at most 64 aliases");
        if (check_name(refusal, BB_PARTNER_ALIAS, alias))
            return 1;
        partner->alias[partner->n_aliases++] = alias;
    }
    return 0;
}

int
bb_partner_row_read(const struct bb_list_row *row, struct bb_partner_row *ret_partner,
                    const char **ret_column, char *reason, size_t size)
{
    const struct refusal refusal = {row, ret_column, reason, size};
    const char *const *cell = row->cell;
    uint32_t day;
    *ret_partner = (struct bb_partner_row){.n_aliases = 0};
    if (!cell[BB_PARTNER_CODE] || !bb_text_is_code(bb_bytes_str(cell[BB_PARTNER_CODE])))
        return refuse(&refusal, BB_PARTNER_CODE,
                      "1 to 128 letters, digits, '_', '.', '-', the first a letter or digit");
    if (check_name(&refusal, BB_PARTNER_NAME, cell[BB_PARTNER_NAME]))
        return 1;
    if (!cell[BB_PARTNER_ROLE] || !bb_cli_is_role(cell[BB_PARTNER_ROLE]))
        return refuse(&refusal, BB_PARTNER_ROLE, "staff, partner or observer");
    if (cell[BB_PARTNER_JOINED] && bb_date_parse(bb_bytes_str(cell[BB_PARTNER_JOINED]), &day) != 0)
        return refuse(&refusal, BB_PARTNER_JOINED, "a date such as 2026-09-07, or nothing");
    return read_aliases(&refusal, ret_partner);
}

void
bb_partner_row_release(struct bb_partner_row *partner)
{
    free(partner->texts);
    *partner = (struct bb_partner_row){.n_aliases = 0};
}

struct bb_partner_change
bb_partner_row_change(const struct bb_list_row *row, const struct bb_partner_row *partner)
{
    return (struct bb_partner_change){
        .code = row->cell[BB_PARTNER_CODE],
        .create = true,
        .upsert = true,
        .name = row->cell[BB_PARTNER_NAME],
        .role = row->cell[BB_PARTNER_ROLE],
        .joined = row->cell[BB_PARTNER_JOINED],
        .alias = partner->alias,
        .n_aliases = partner->n_aliases,
    };
}
