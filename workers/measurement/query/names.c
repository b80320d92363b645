/* What a request names, and whose lines its caller may see. */
#include "core.h"
#include "review.h"

#include "proto/limits.h"
#include "workers/measurement/model/disaggregation.h"

#include <errno.h>

static const char *
kind_word(enum bb_object_kind kind)
{
    switch (kind) {
    case BB_OBJECT_ORGANIZATION:
        return "organization";
    case BB_OBJECT_INDICATOR:
        return "indicator";
    case BB_OBJECT_PLACE:
        return "place";
    case BB_OBJECT_DISAGGREGATION:
        break;
    }
    return "disaggregation";
}

static const char *
kind_hint(enum bb_object_kind kind)
{
    switch (kind) {
    case BB_OBJECT_ORGANIZATION:
        return "expected the code, name or alias of a registered organization";
    case BB_OBJECT_INDICATOR:
        return "expected the code or name of a defined indicator";
    case BB_OBJECT_PLACE:
        return "expected the name or alias of a registered place, or a place that some reading names";
    case BB_OBJECT_DISAGGREGATION:
        break;
    }
    return "no reading has it; expected dimension=code parts as reported";
}

int
bb_query_unknown(struct bb_query_step *step, enum bb_object_kind kind, const char *text)
{
    struct bb_quoted quoted;

    return bb_query_refuse(step, BB_ERROR_NOT_FOUND, "unknown %s \"%s\": %s", kind_word(kind),
                           bb_quote(&quoted, bb_bytes_str(text)), kind_hint(kind));
}

int
bb_query_find(struct bb_query_step *step, enum bb_object_kind kind, const char *text, uint32_t *ret_id)
{
    struct bb_quoted quoted;
    int r = bb_term_find(&step->snapshot, kind, bb_bytes_str(text), ret_id);

    if (r == 0 && *ret_id == BB_ID_NONE && kind == BB_OBJECT_ORGANIZATION)
        r = BB_STORE_E_NOT_FOUND; /* a name that it gave up */
    if (r == 0 && *ret_id == BB_ID_NONE)
        return bb_query_refuse(step, BB_ERROR_INVALID, "several %ss go by the name \"%s\": expected a code",
                               kind_word(kind), bb_quote(&quoted, bb_bytes_str(text)));
    return r == BB_STORE_E_NOT_FOUND ? bb_query_unknown(step, kind, text) : r;
}

int
bb_query_find_reporter(struct bb_query *query, struct bb_query_step *step, const char *text, uint32_t *ret_id)
{
    struct bb_quoted quoted;
    int r = text && *text ? bb_query_find(step, BB_OBJECT_ORGANIZATION, text, ret_id) : 0;

    if (r != 0 || query->scope == BB_SCOPE_ALL)
        return r;
    if (*ret_id && *ret_id != query->own)
        return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED, "organization \"%s\" is another one than yours",
                               bb_quote(&quoted, bb_bytes_str(text)));
    *ret_id = query->own ? query->own : UINT32_MAX;
    return 0;
}

int
bb_query_find_place(struct bb_query_step *step, const char *text, uint32_t *ret_id)
{
    *ret_id = 0;
    return *text ? bb_query_find(step, BB_OBJECT_PLACE, text, ret_id) : 0;
}

int
bb_query_find_disaggregation(struct bb_query_step *step, const char *text, uint32_t *ret_id)
{
    struct bb_buffer canonical;
    struct bb_quoted quoted;
    const char *what;
    int r;

    *ret_id = 0;
    if (!*text)
        return 0;
    bb_buffer_init(&canonical, 2 * BB_LIMIT_TEXT_BYTES);
    r = bb_disaggregation_parse(bb_bytes_str(text), &canonical, &what);
    if (r != 0) {
        r = bb_query_refuse(
            step, BB_ERROR_INVALID,
            "disaggregation \"%s\": found %s, expected parts such as race=White;gender=female",
            bb_quote(&quoted, bb_bytes_str(text)), what);
    } else if (canonical.len > 0) {
        bb_buffer_byte(&canonical, '\0');
        r = canonical.error
                ? canonical.error
                : bb_query_find(step, BB_OBJECT_DISAGGREGATION, (const char *)canonical.data, ret_id);
    }
    bb_buffer_release(&canonical);
    return r;
}

static int
parse_period(struct bb_query_step *step, const char *text, enum bb_period_type hint,
             struct bb_period *ret_period)
{
    struct bb_quoted quoted;
    int r = bb_period_parse(bb_bytes_str(text), hint, ret_period);

    if (r == 0)
        return 0;
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "period \"%s\" %s, expected one such as 2026, 2026-Q3, 2026-09 or 2018/2019",
                           bb_quote(&quoted, bb_bytes_str(text)),
                           r == BB_PERIOD_E_IMPOSSIBLE ? "does not exist" : "cannot be read");
}

int
bb_query_range(struct bb_query_step *step, const char *from, const char *to, enum bb_period_type hint,
               uint32_t *ret_first_day, uint32_t *ret_end_day)
{
    struct bb_period period;

    *ret_first_day = 0;
    *ret_end_day = BB_PERIOD_NO_END;
    if (from && *from) {
        if (parse_period(step, from, hint, &period) != 0)
            return 1;
        *ret_first_day = period.day;
    }
    if (to && *to) {
        if (parse_period(step, to, hint, &period) != 0)
            return 1;
        *ret_end_day = bb_period_end(period);
    }
    if (*ret_end_day <= *ret_first_day)
        return bb_query_refuse(step, BB_ERROR_INVALID, "the range of periods ends (%s) before it begins (%s)",
                               to, from);
    return 0;
}

int
bb_query_may_see(struct bb_query *query, struct bb_query_step *step, uint32_t organization, bool *ret_visible)
{
    struct bb_term *term;
    int r;

    *ret_visible = query->scope == BB_SCOPE_ALL;
    if (query->scope != BB_SCOPE_SHARED && query->scope != BB_SCOPE_OWN)
        return 0;
    *ret_visible = query->own != 0 && organization == query->own;
    if (*ret_visible || query->scope == BB_SCOPE_OWN)
        return 0;
    r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, organization, &term);
    if (r == 0)
        *ret_visible = term->shares;
    return r;
}

int
bb_query_may_read(struct bb_query *query, struct bb_query_step *step, const struct bb_reading_key *key,
                  bool *ret_visible)
{
    struct bb_term *indicator;
    int r;

    *ret_visible = true;
    if (query->scope == BB_SCOPE_ALL || key->organization == query->own)
        return 0;
    r = bb_terms_indicator(&query->terms, &step->snapshot, key->indicator, &indicator);
    if (r != 0 || !indicator->rules->publish_approved)
        return r;
    return bb_snapshot_is_approved(&step->snapshot, key, ret_visible);
}
