#include "readable.h"

#include "proto/errors.h"
#include "runtime/uuid.h"

int
bb_readable(struct bb_communication *c, uint32_t organization, const char *field, struct bb_bytes id,
            struct bb_record *ret_record, struct bb_problem *ret_problem)
{
    char text[BB_UUID_TEXT];
    struct bb_known known;
    int r;

    if (id.len != BB_MESSAGE_ID)
        return bb_problem(ret_problem, BB_ERROR_INVALID, "%s: found %zu bytes, expected an id of 16", field,
                          id.len);
    r = bb_msglog_known(c->log, id, &known);
    if (r == 0)
        r = bb_msglog_at(c->log, known.sequence, ret_record);
    if (r < 0)
        return r;
    if (r == 0 && bb_access_record(&c->access, organization, ret_record) >= 0)
        return 0;
    bb_uuid_format(id.data, text);
    return bb_problem(ret_problem, BB_ERROR_NOT_FOUND, "%s: there is no message %s", field, text);
}

int
bb_writable(const struct bb_communication *c, uint32_t organization, const struct bb_record *record,
            const char *what, struct bb_problem *ret_problem)
{
    if (bb_access_audience(&c->access, organization, record))
        return 0;
    return bb_problem(ret_problem, BB_ERROR_NOT_ALLOWED, "only its author, or staff, may %s a message", what);
}
