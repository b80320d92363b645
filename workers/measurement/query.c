/* The life of a query, whatever its method: unpack the request, pin the sequence, then step by step a
 * snapshot and the method's own work on it. */
#include "query_core.h"
#include "query_review.h"

#include "disaggregation.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/text.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bb_query_kind *const kinds[] = {
    &bb_query_readings, &bb_query_history,   &bb_query_trend,     &bb_query_indicators,
    &bb_query_places,   &bb_query_adoptions, &bb_query_reporting, &bb_query_reviews,
    &bb_query_progress, &bb_query_chain,     &bb_query_batches,   &bb_query_batch};

static const struct bb_query_kind *
find_kind(uint32_t method)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i]->method == method)
            return kinds[i];
    return NULL;
}

static int
copy_caller(struct bb_query *query, struct bb_bytes code)
{
    uint8_t *copy = bb_arena_alloc(&query->arena, code.len + 1);

    if (!copy)
        return -ENOMEM;
    if (code.len)
        memcpy(copy, code.data, code.len);
    query->caller = bb_bytes(copy, code.len);
    return 0;
}

int
bb_query_new(const struct bb_query_context *context, const struct bb_query_call *call,
             struct bb_query **ret_query)
{
    struct bb_query *query = calloc(1, sizeof *query);

    if (!query)
        return -ENOMEM;
    query->context = *context;
    if (!query->context.bytes)
        query->context.bytes = BB_QUERY_BYTES;
    if (!query->context.kept_cells)
        query->context.kept_cells = BB_QUERY_CELLS;
    query->kind = find_kind(call->method);
    query->scope = bb_method_scope(call->method, call->role);
    query->single = call->role == BB__ROLE__ROLE_SERVICE;
    bb_arena_init(&query->arena, BB_LIMIT_DECODE_BYTES);
    bb_terms_init(&query->terms, query->context.bytes / BB_QUERY_SHARES);
    if (query->kind) {
        query->unpacked = bb_message_unpack(query->kind->request, call->body, &query->arena, &query->request);
        query->state = calloc(1, query->kind->state_bytes);
        if (!query->state) {
            bb_query_destroy(&query);
            return -ENOMEM;
        }
    }
    if (copy_caller(query, call->organization) != 0) {
        bb_query_destroy(&query);
        return -ENOMEM;
    }
    *ret_query = query;
    return 0;
}

void
bb_query_destroy(struct bb_query **query_pointer)
{
    struct bb_query *query = *query_pointer;

    if (!query)
        return;
    if (query->state && query->kind->release)
        query->kind->release(query);
    free(query->state);
    bb_terms_release(&query->terms);
    bb_arena_release(&query->arena);
    free(query);
    *query_pointer = NULL;
}

void
bb_query_rest(struct bb_query *query)
{
    if (query->begun && query->kind->rest)
        query->kind->rest(query);
    bb_terms_rest(&query->terms);
}

/* Fields that several requests have, found by name: NULL when this one has no such field, or not set. */
static const void *
request_field(const struct bb_query *query, const char *name)
{
    const ProtobufCFieldDescriptor *field;
    const uint8_t *message = (const uint8_t *)query->request;

    if (!message)
        return NULL;
    field = protobuf_c_message_descriptor_get_field_by_name(query->request->descriptor, name);
    if (!field)
        return NULL;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(const void *const *)(const void *)(message + field->offset);
    return *(const protobuf_c_boolean *)(message + field->quantifier_offset) ? message + field->offset : NULL;
}

uint64_t
bb_query_wants(const struct bb_query *query, uint64_t floor, uint64_t head)
{
    const uint64_t *min_sequence = request_field(query, "min_sequence");
    const Bb__AsOf *as_of = request_field(query, "as_of");
    uint64_t wanted = min_sequence ? *min_sequence : floor;

    if (as_of && as_of->has_sequence && as_of->sequence > wanted)
        wanted = as_of->sequence < head ? as_of->sequence : head;
    return wanted;
}

/* The sequence the answer speaks of: where the views are, or the moment asked for if that is earlier. */
static int
pin(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__AsOf *as_of = request_field(query, "as_of");
    uint64_t sequence = step->snapshot.position;
    int r = 0;

    if (as_of && as_of->has_sequence)
        sequence = as_of->sequence;
    else if (as_of && as_of->has_time_us)
        r = bb_snapshot_sequence_at(
            &step->snapshot, as_of->time_us < INT64_MAX ? (bb_utc)as_of->time_us : INT64_MAX, &sequence);
    query->sequence = sequence < step->snapshot.position ? sequence : step->snapshot.position;
    return r;
}

static int
find_caller(struct bb_query *query, struct bb_query_step *step)
{
    int r = bb_term_find(&step->snapshot, BB_OBJECT_ORGANIZATION, query->caller, &query->own);

    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* The codes of the organizations whose lines it is, but for the caller's own. */
static int
list_others(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what,
            struct bb_gift *gift)
{
    struct bb_bytes *others = bb_arena_alloc(&query->arena, (what->n_organizations + 1) * sizeof *others);
    struct bb_term *term;
    int r = others ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < what->n_organizations; i++) {
        if (what->organization[i] == query->own)
            continue;
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, what->organization[i],
                         &term);
        if (r == 0)
            others[gift->n_others++] = term->text;
    }
    gift->others = others;
    return r;
}

/* What the caller is about to be given of an indicator. 0 | <0 */
static int
find_gift(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *given,
          uint32_t indicator, struct bb_gift *gift)
{
    struct bb_query_gift what = *given;
    struct bb_term *term;
    int r = 0;

    what.indicator = indicator;
    *gift = (struct bb_gift){.organization = query->caller,
                             .id = what.indicator,
                             .first_day = what.first_day,
                             .end_day = what.end_day,
                             .sequence = query->sequence,
                             .lines = what.lines};
    if (what.lines)
        r = list_others(query, step, &what, gift);
    if (r == 0 && what.indicator) {
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, what.indicator, &term);
        if (r == 0)
            gift->indicator = term->text;
    }
    return r;
}

/* Record it. Earlier moments do not count: they are what they were, whatever is corrected later.
 * 0 | BB_GIVEN_E_PASSED | 1 refused | <0 */
static int
record(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__AsOf *as_of = request_field(query, "as_of");
    struct bb_query_gift what = {.lines = false};
    struct bb_gift gift;
    size_t n;
    int r = 0;

    if (!query->context.given || !query->kind->gives ||
        (as_of && (as_of->has_sequence || as_of->has_time_us)))
        return 0;
    if (query->context.pinned)
        query->context.pinned(query->context.self);
    query->kind->gives(query, &what);
    n = what.inputs ? what.n_inputs : 1;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = find_gift(query, step, &what, what.inputs ? what.inputs[i] : what.indicator, &gift);
        if (r == 0)
            r = bb_given_record(query->context.given, &gift);
    }
    if (r == -ENOSPC)
        return bb_query_refuse(step, BB_ERROR_NOSPACE,
                               "there is no room to note that your organization is given this: try again");
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    int r = pin(query, step);

    step->snapshot.sequence = query->sequence;
    if (r == 0)
        r = find_caller(query, step);
    if (r == 0 && query->kind->begin)
        r = query->kind->begin(query, step);
    if (r == 0)
        r = record(query, step);
    query->begun = true;
    return r;
}

/* As if it had not begun. */
static void
forget(struct bb_query *query)
{
    if (query->kind->release)
        query->kind->release(query);
    memset(query->state, 0, query->kind->state_bytes);
    bb_terms_rest(&query->terms);
    query->sequence = query->own = 0;
    query->begun = false;
}

/* What is wrong with the request whatever the store says. */
static int
check_request(const struct bb_query *query, struct bb_query_step *step)
{
    if (!query->kind)
        return bb_query_refuse(step, BB_ERROR_UNKNOWN_METHOD, "this is not a query");
    if (query->scope == BB_SCOPE_NONE)
        return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED, "the caller's role may not do this");
    if (query->unpacked == -EMSGSIZE)
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE, "the request takes more than %u bytes to decode",
                               BB_LIMIT_DECODE_BYTES);
    if (!query->request)
        return bb_query_refuse(step, BB_ERROR_MALFORMED, "the request is not a %s",
                               query->kind->request->short_name);
    return 0;
}

static int
run_once(struct bb_query *query, struct bb_query_step *step)
{
    int r = bb_snapshot_begin(&step->snapshot, &query->context, step->failure);

    if (r != 0)
        return r;
    step->snapshot.sequence = query->sequence;
    bb_terms_trim(&query->terms);
    if (!query->begun)
        r = begin(query, step);
    if (r == 0)
        r = query->kind->part(query, step);
    bb_snapshot_end(&step->snapshot);
    return r;
}

/* Again when the frontier has passed the moment that it chose: the next snapshot is behind it. */
static int
run(struct bb_query *query, struct bb_query_step *step)
{
    int r;

    while ((r = run_once(query, step)) == BB_GIVEN_E_PASSED)
        forget(query);
    return r;
}

/* What may be asked again as it is, and what never has an answer. */
static int
explain(const struct bb_query *query, struct bb_query_step *step, int error)
{
    switch (error) {
    case -EDQUOT:
        return bb_query_refuse(
            step, BB_ERROR_TOO_LARGE,
            "the query takes more than the %zu KiB of memory that one may have: ask for fewer "
            "periods, for some of the places, for one disaggregation, or without a point for "
            "each place or disaggregation",
            query->context.bytes >> 10);
    case -EMSGSIZE:
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE,
                               "a part of the answer is larger than a frame: ask for less at a time");
    case -EAGAIN:
        return bb_query_refuse(step, BB_ERROR_OVERLOADED,
                               "too many queries read the store at this moment: try again");
    case -ENOMEM:
        return bb_query_refuse(step, BB_ERROR_OVERLOADED,
                               "the service has no memory at this moment: try again");
    default:
        return error;
    }
}

int
bb_query_step(struct bb_query *query, size_t max_bytes, struct bb_buffer *out, bool *ret_final,
              struct bb_query_failure *failure)
{
    struct bb_query_step step = {.max_bytes = max_bytes, .out = out, .failure = failure};
    int r = check_request(query, &step);

    bb_buffer_reset(out);
    if (r == 0)
        r = run(query, &step);
    if (r < 0)
        return explain(query, &step, r);
    if (r == 0)
        *ret_final = step.final;
    return r;
}

int
bb_query_refuse(struct bb_query_step *step, uint32_t code, const char *format, ...)
{
    va_list args;

    step->failure->code = code;
    va_start(args, format);
    vsnprintf(step->failure->message, sizeof step->failure->message, format, args);
    va_end(args);
    return 1;
}

const char *
bb_quote(struct bb_quoted *quoted, struct bb_bytes text)
{
    return bb_text_quote(text, quoted->text, sizeof quoted->text, sizeof quoted->text - 1);
}

/* What a request names */

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
bb_query_find(struct bb_query_step *step, enum bb_object_kind kind, const char *text, uint32_t *ret_id)
{
    struct bb_quoted quoted;
    int r = bb_term_find(&step->snapshot, kind, bb_bytes_str(text), ret_id);

    if (r == 0 && *ret_id == BB_ID_NONE && kind == BB_OBJECT_ORGANIZATION)
        r = BB_STORE_E_NOT_FOUND; /* a name that it gave up */
    if (r == 0 && *ret_id == BB_ID_NONE)
        return bb_query_refuse(step, BB_ERROR_INVALID, "several %ss go by the name \"%s\": expected a code",
                               kind_word(kind), bb_quote(&quoted, bb_bytes_str(text)));
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_query_refuse(step, BB_ERROR_NOT_FOUND, "unknown %s \"%s\": %s", kind_word(kind),
                           bb_quote(&quoted, bb_bytes_str(text)), kind_hint(kind));
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
    r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, key->indicator, &indicator);
    if (r == 0)
        r = bb_terms_indicator(&query->terms, &step->snapshot, indicator);
    if (r != 0 || !indicator->rules->publish_approved)
        return r;
    return bb_snapshot_is_approved(&step->snapshot, key, ret_visible);
}

int
bb_query_pack(struct bb_query_step *step, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *room = bb_buffer_extend(step->out, len);

    if (!room && len)
        return step->out->error;
    protobuf_c_message_pack(message, room);
    return 0;
}
