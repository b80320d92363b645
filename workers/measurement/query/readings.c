/* readings.list: the readings that fit, in the order of their keys.
 *
 * With an organization the index by organization is walked, which has the records too: within a period an
 * organization's readings are next to each other there. The same goes for a partner who names
 * neither organization nor indicator: of the organizations that it may see the index finds the readings
 * without touching those of the others. Otherwise the readings themselves are walked.
 *
 * The latest of each series (indicator, organization, place, disaggregation): the days on which periods begin
 * are gone through from the last one back, each walked as above, and a series counts where it is met first,
 * until all that there are were met (known.h), or to the end.
 *
 * Since a moment: all of them are walked likewise, and those left out that are as they were (since.h). */
#include "known.h"
#include "limit.h"
#include "rows.h"
#include "since.h"
#include "walk.h"

#include "runtime/store/map.h"

#include <errno.h>

#define SERIES_KEY   16u
#define SERIES_BYTES 64u /* that one takes in memory, about */

struct state {
    const Bb__ReadingsQuery *request;
    struct bb_walk walk;
    struct bb_since since;
    bool by_organization;
    uint32_t indicator, place, disaggregation, organization;
    struct bb_ids visible; /* organizations that the caller may see, when not all */
    struct bb_map seen;    /* latest: the series that were given */
    uint64_t known;        /* latest: how many there are at most */
    uint32_t first_day;    /* latest: of the range */
    uint32_t day; /* latest: periods that begin on it are walked; before the first, the range's end */
    bool walking; /* latest: they are */
    struct bb_rows rows;
};

static int
look_up(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__ReadingsQuery *request = state->request;
    enum bb_period_type hint = 0;
    struct bb_term *term;
    int r = 0;

    if (request->organization && *request->organization)
        r = bb_query_find(step, BB_OBJECT_ORGANIZATION, request->organization, &state->organization);
    if (r == 0 && request->indicator && *request->indicator) {
        r = bb_query_find_indicator(query, step, request->indicator, &state->indicator);
        if (r == 0)
            r = bb_terms_indicator(&query->terms, &step->snapshot, state->indicator, &term);
        if (r == 0)
            hint = term->rules->frequency;
    }
    if (r == 0 && request->place)
        r = bb_query_find_place(step, request->place, &state->place);
    if (r == 0 && request->disaggregation)
        r = bb_query_find_disaggregation(step, request->disaggregation, &state->disaggregation);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, hint, &state->walk.first_day,
                           &state->walk.end_day);
    return r;
}

/* The organizations that the caller may see: its own and those that share. */
static int
find_visible(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    uint8_t first[BB_OBJECT_KEY];
    struct bb_bytes key, payload;
    bool visible;
    int r;

    bb_object_key(BB_OBJECT_ORGANIZATION, 0, first);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_OBJECT, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == BB_OBJECT_KEY && key.data[0] == BB_OBJECT_ORGANIZATION) {
        uint32_t id = bb_get_u32(key.data + 1);
        r = bb_query_may_see(query, step, id, &visible);
        if (r == 0 && visible)
            r = bb_ids_add(&state->visible, id, NULL);
        if (r == 0)
            r = bb_snapshot_seek(&step->snapshot, BB_VIEW_OBJECT,
                                 bb_bytes(first, bb_object_key(BB_OBJECT_ORGANIZATION, id + 1, first)), &key,
                                 &payload);
    }
    bb_ids_sort(&state->visible);
    return r > 0 ? 0 : r;
}

static int
check_visibility(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct bb_quoted quoted;
    bool visible;
    int r;

    if (query->scope == BB_SCOPE_ALL)
        return 0;
    if (state->organization == 0)
        return find_visible(query, step);
    r = bb_query_may_see(query, step, state->organization, &visible);
    if (r != 0 || visible)
        return r;
    return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED,
                           "organization \"%s\" does not share its own line; totals are in the trend",
                           bb_quote(&quoted, bb_bytes_str(state->request->organization)));
}

static struct bb_wanted
one(const uint32_t *id, bool given)
{
    return given ? (struct bb_wanted){id, 1} : (struct bb_wanted){NULL, 0};
}

static void
aim(struct bb_query *query)
{
    struct state *state = query->state;
    struct bb_walk *walk = &state->walk;
    uint32_t first_day = walk->first_day, end_day = walk->end_day;
    struct bb_wanted organization = one(&state->organization, state->organization != 0),
                     indicator = one(&state->indicator, state->indicator != 0),
                     place = one(&state->place, state->request->place),
                     disaggregation = one(&state->disaggregation, state->request->disaggregation);
    static const uint32_t nobody;

    state->by_organization = organization.id || (query->scope != BB_SCOPE_ALL && !indicator.id);
    if (!indicator.id)
        indicator = bb_query_indicators_wanted(query);
    if (!organization.id && query->scope != BB_SCOPE_ALL)
        organization =
            (struct bb_wanted){state->visible.id ? state->visible.id : &nobody, state->visible.count};
    bb_walk_init(walk, state->by_organization ? BB_VIEW_BY_ORGANIZATION : BB_VIEW_READING);
    walk->first_day = first_day;
    walk->end_day = end_day;
    walk->limit = query->context.step_records;
    if (state->by_organization)
        memcpy(walk->wanted, (struct bb_wanted[]){organization, indicator, place, disaggregation},
               sizeof walk->wanted);
    else
        memcpy(walk->wanted, (struct bb_wanted[]){indicator, place, disaggregation, organization},
               sizeof walk->wanted);
    state->first_day = first_day;
    state->day = end_day;
}

/* How many series the latest readings are at most. */
static int
count_known(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const struct bb_wanted *wanted = state->walk.wanted;
    struct bb_known_series series = {.indicator = state->indicator};
    int r;

    state->known = UINT64_MAX;
    if (!state->request->latest || state->indicator == 0 || !query->context.known)
        return 0;
    series.organization = wanted[state->by_organization ? 0 : 3];
    series.place = wanted[state->by_organization ? 2 : 1];
    series.disaggregation = wanted[state->by_organization ? 3 : 2];
    r = bb_known_count(query->context.known, &step->snapshot, &series, &state->known);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r = bb_rows_init(&state->rows);

    state->request = (const Bb__ReadingsQuery *)(const void *)query->request;
    if (r == 0)
        r = look_up(query, step);
    if (r == 0)
        r = check_visibility(query, step);
    if (r == 0)
        r = bb_since_find(query, step, state->request->since, &state->since);
    if (r == 0 && state->since.asked && state->request->latest)
        r = bb_query_refuse(step, BB_ERROR_INVALID,
                            "found since and latest, expected one of them: what is latest is not a change");
    if (r != 0)
        return r;
    aim(query);
    return count_known(query, step);
}

/* The reading that the walk stands on, be it withdrawn. */
static int
fetch(struct state *state, struct bb_query_step *step, struct bb_reading_key *ret_key,
      struct bb_reading *ret_reading)
{
    const struct bb_walk *walk = &state->walk;

    if (state->by_organization) {
        *ret_key = (struct bb_reading_key){walk->period, walk->id[1], walk->id[2], walk->id[3], walk->id[0]};
        return bb_snapshot_indexed(&step->snapshot, ret_key, walk->payload, ret_reading);
    }
    *ret_key = (struct bb_reading_key){walk->period, walk->id[0], walk->id[1], walk->id[2], walk->id[3]};
    return bb_snapshot_revision(&step->snapshot, walk->key, walk->payload, ret_reading);
}

/* Is the caller told of it? */
static int
judge(struct bb_query *query, struct bb_query_step *step, const struct bb_reading_key *key,
      struct bb_reading *reading, bool *ret_told)
{
    const struct state *state = query->state;

    if (state->since.asked)
        return bb_since_judge(query, step, &state->since, key, reading, ret_told);
    *ret_told = !bb_reading_withdrawn(reading);
    return *ret_told ? bb_query_may_read(query, step, key, ret_told) : 0;
}

/* Is this the first one of its series? Then it is remembered. 1 yes | 0 no | <0 */
static int
is_first_of_series(struct bb_query *query, const struct bb_reading_key *key)
{
    struct state *state = query->state;
    uint8_t series[SERIES_KEY];

    bb_put_u32(series, key->indicator);
    bb_put_u32(series + 4, key->organization);
    bb_put_u32(series + 8, key->place);
    bb_put_u32(series + 12, key->disaggregation);
    if (bb_map_find(&state->seen, bb_bytes(series, sizeof series)))
        return 0;
    if (state->seen.count >= query->context.bytes / BB_QUERY_SHARES / SERIES_BYTES)
        return -EDQUOT;
    return bb_map_set(&state->seen, bb_bytes(series, sizeof series), 0) == 0 ? 1 : -ENOMEM;
}

/* The last day before state->day on which a period begins that the view has. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
go_back(struct state *state, struct bb_query_step *step)
{
    uint8_t at[3] = {(uint8_t)(state->day >> 16), (uint8_t)(state->day >> 8), (uint8_t)state->day};
    struct bb_walk *walk = &state->walk;
    struct bb_bytes key, payload;
    struct bb_period period;
    int r = bb_snapshot_seek(&step->snapshot, walk->view, bb_bytes(at, sizeof at), &key, &payload);

    if (r >= 0)
        r = bb_snapshot_move(&step->snapshot, walk->view, r == 0 ? MDB_PREV : MDB_LAST, &key, &payload);
    if (r != 0)
        return r;
    if (bb_period_unpack(key, &period) == 0)
        return bb_snapshot_damaged(&step->snapshot, walk->view, key);
    if (period.day < state->first_day)
        return BB_STORE_E_NOT_FOUND;
    state->day = walk->first_day = period.day;
    walk->at_len = 0;
    walk->held = walk->past = walk->seated = false;
    state->walking = true;
    return 0;
}

/* The next reading that fits. 0 | BB_STORE_E_NOT_FOUND | BB_WALK_E_PAUSED | <0 */
static int
next_reading(struct state *state, struct bb_query_step *step)
{
    int r;

    if (!state->request->latest)
        return bb_walk_next(&state->walk, &step->snapshot);
    while (state->seen.count < state->known) {
        r = state->walking ? bb_walk_next(&state->walk, &step->snapshot) : BB_STORE_E_NOT_FOUND;
        if (r == BB_WALK_E_PAUSED || r < 0 || (r == 0 && state->walk.period.day == state->day))
            return r;
        r = go_back(state, step);
        if (r != 0)
            return r;
    }
    return BB_STORE_E_NOT_FOUND;
}

static int
gather(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct bb_reading_key key;
    struct bb_reading reading;
    enum bb_row_view view;
    bool told;
    int r;

    while ((r = next_reading(state, step)) == 0) {
        if (bb_rowset_count(state->rows.set) > 0 && bb_rows_bytes(&state->rows) >= step->max_bytes) {
            bb_walk_hold(&state->walk);
            return 0;
        }
        r = fetch(state, step, &key, &reading);
        if (r == 0)
            r = judge(query, step, &key, &reading, &told);
        if (r == 0 && !told)
            continue;
        if (r == 0 && state->request->latest) {
            r = is_first_of_series(query, &key);
            if (r == 0)
                continue;
            r = r > 0 ? 0 : r;
        }
        if (r == 0)
            r = bb_query_row_view(query, step, &key, &reading, &view);
        if (r == 0)
            r = bb_rows_add(&state->rows, query, step, &key, &reading, view);
        if (r < 0)
            return r; /* a reading that did not exist yet is left out */
    }
    step->final = r == BB_STORE_E_NOT_FOUND;
    return r > 0 ? 0 : r;
}

static int
pack(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct bb_rows *rows = &state->rows;
    Bb__ReadingsPart part = BB__READINGS_PART__INIT;
    Bb__Rows message;

    bb_rowset_message(rows->set, &message);
    part.sequence = query->sequence;
    part.rows = &message;
    part.n_entry_sequence = part.n_entry_time_us = rows->n_entries;
    part.entry_sequence = rows->entry_sequence;
    part.entry_time_us = rows->entry_time;
    part.n_entry = bb_rows_entries(rows);
    part.entry = rows->entry;
    part.n_revision = bb_rows_revisions(rows);
    part.revision = rows->revision;
    part.n_version = bb_rows_versions(rows);
    part.version = rows->version;
    return bb_query_pack(step, &part.base);
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r;

    bb_rows_reset(&state->rows);
    r = bb_query_walk(query, step, &state->walk, gather);
    return r == 0 ? pack(query, step) : r;
}

static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct state *state = query->state;
    struct bb_wanted limit = bb_query_indicators_wanted(query);

    gift->indicator = state->indicator;
    if (state->indicator == 0) {
        gift->indicators = limit.id;
        gift->n_indicators = limit.n;
    }
    gift->first_day = state->first_day;
    gift->end_day = state->walk.end_day;
    gift->lines = query->scope != BB_SCOPE_ALL;
    gift->organization = state->organization ? &state->organization : state->visible.id;
    gift->n_organizations = state->organization ? 1 : state->visible.count;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_rows_release(&state->rows);
    bb_ids_release(&state->visible);
    bb_map_release(&state->seen);
}

const struct bb_query_kind bb_query_readings = {
    .method = BB_METHOD_READINGS_LIST,
    .request = &bb__readings_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
    .gives = gives,
    .repeats = true,
};
