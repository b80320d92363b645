#include "why.h"

#include "data.h"

#include "proto/limits.h"
#include "proto/rows.h"
#include "proto/utf8.h"

#include <string.h>

static const char *
check_reason(const struct argp_state *state, const char *text)
{
    if (bb_reason_by_name(text) < 0)
        argp_error(
            state,
            "--reason: found '%s', expected entry_error, late_data, recount, definition, duplicate or other",
            text);
    return text;
}

static const char *
check_note(const struct argp_state *state, const char *text)
{
    if (strlen(text) > BB_LIMIT_NOTE_BYTES)
        argp_error(state, "--note: found more than %u bytes", BB_LIMIT_NOTE_BYTES);
    if (!bb_utf8_is_text(bb_bytes_str(text)))
        argp_error(state, "--note: found text that is not UTF-8");
    return text;
}

error_t
bb_why_parse(int key, char *arg, const struct argp_state *state, struct bb_why *why)
{
    switch (key) {
    case BB_WHY_REASON:
        why->reason = check_reason(state, bb_cli_filled(state, "reason", arg));
        return 0;
    case BB_WHY_NOTE:
        why->note = check_note(state, bb_cli_filled(state, "note", arg));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
