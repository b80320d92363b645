/* Only a row that updated something asks the store: for its reading as of its own entry and as of the one
 * before. That is the change of the row, since an entry changes a reading once at most. */
#include "digest_core.h"

#include "workers/measurement/model/tally.h"
#include "workers/measurement/query/review.h"
#include "workers/measurement/store/names.h"
#include "workers/measurement/store/terms.h"

#include <errno.h>
#include <stdlib.h>

static const enum bb_object_kind kinds[BB_DIGEST_ROLES] = {BB_OBJECT_INDICATOR, BB_OBJECT_ORGANIZATION,
                                                           BB_OBJECT_PLACE, BB_OBJECT_DISAGGREGATION};

static int
find_id(struct bb_digest_adding *adding, enum bb_digest_role role, uint32_t index, uint32_t *ret_id)
{
    struct bb_bytes text = role == BB_DIGEST_ORGANIZATION ? bb_digest_organization_text(adding, index)
                                                          : adding->view.text[index];
    uint32_t *id = &adding->id[role][index];
    int r = 0;

    if (*id == 0 && text.len > 0) {
        r = bb_term_find(&adding->snapshot, kinds[role], text, ret_id);
        if (r != 0)
            return r < 0 ? r : -EBADMSG;
        *id = *ret_id + 1;
    }
    *ret_id = *id ? *id - 1 : 0;
    return r;
}

int
bb_digest_look(struct bb_digest_adding *adding)
{
    size_t n = adding->view.n_text + 1;
    int r;

    if (adding->looking)
        return 0;
    for (int role = 0; role < BB_DIGEST_ROLES; role++) {
        adding->id[role] = calloc(n, sizeof **adding->id);
        if (!adding->id[role])
            return -ENOMEM;
    }
    r = bb_snapshot_begin(&adding->snapshot, adding->digest->context, adding->digest->failure);
    adding->looking = r == 0;
    return r;
}

/* The reading as of the row's entry, and as of the one before. */
static int
look(struct bb_digest_adding *adding, const struct bb_rowref *row, struct bb_reading *ret_old,
     struct bb_reading *ret_new, struct bb_reading_key *ret_key)
{
    struct bb_reading_key key = {.period = adding->period[row->period]};
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed, record;
    int r = bb_digest_look(adding);

    if (r == 0)
        r = find_id(adding, BB_DIGEST_INDICATOR, row->indicator, &key.indicator);
    if (r == 0)
        r = find_id(adding, BB_DIGEST_ORGANIZATION, row->organization, &key.organization);
    if (r == 0)
        r = find_id(adding, BB_DIGEST_PLACE, row->place, &key.place);
    if (r == 0)
        r = find_id(adding, BB_DIGEST_DISAGGREGATION, row->disaggregation, &key.disaggregation);
    if (r != 0)
        return r;
    packed = bb_bytes(data, bb_reading_key_pack(&key, data, NULL));
    r = bb_snapshot_get(&adding->snapshot, BB_VIEW_READING, packed, &record);
    adding->snapshot.sequence = adding->sequence - 1;
    if (r == 0)
        r = bb_snapshot_revision(&adding->snapshot, packed, record, ret_old);
    adding->snapshot.sequence = adding->sequence;
    if (r == 0)
        r = bb_snapshot_revision(&adding->snapshot, packed, record, ret_new);
    if (r > 0)
        r = bb_snapshot_damaged(&adding->snapshot, BB_VIEW_READING, packed);
    *ret_key = key;
    return r;
}

/* The numbers of a definition as of the entry; those of the one before are kept. */
static int
find_rules(struct bb_digest_adding *adding, uint32_t indicator)
{
    Bb__Indicator *definition;
    int r;

    if (adding->rules_of == indicator)
        return 0;
    bb_arena_reset(&adding->definition);
    r = bb_term_rules(&adding->snapshot, indicator, &adding->definition, &definition, &adding->rules);
    adding->rules_of = r == 0 ? indicator : 0;
    return r;
}

/* Did nobody but its organization and staff know the old one, since it waited for approval? */
static int
was_waiting(struct bb_digest_adding *adding, const struct bb_reading_key *key, bool *ret_waiting)
{
    bool approved = true;
    int r = find_rules(adding, key->indicator);

    adding->snapshot.sequence = adding->sequence - 1;
    if (r == 0 && adding->rules.publish_approved)
        r = bb_snapshot_is_approved(&adding->snapshot, key, &approved);
    adding->snapshot.sequence = adding->sequence;
    *ret_waiting = !approved;
    return r;
}

/* The value as it was shown: as reported, or computed by the definition of then. NULL text: none. */
static int
value_text(struct bb_digest_adding *adding, uint32_t indicator, const struct bb_reading *reading,
           char **ret_text)
{
    struct bb_decimal value = reading->value;
    char text[BB_DECIMAL_TEXT];
    int r;

    if (!(reading->flags & BB_ROW_VALUE)) {
        r = find_rules(adding, indicator);
        if (r != 0)
            return r;
        if (!bb_reading_computed(&adding->rules, reading, bb_figure_decimals(&adding->rules), &value))
            return 0;
    }
    *ret_text = bb_digest_text(adding->digest, bb_bytes(text, bb_decimal_format(value, text)));
    return *ret_text ? 0 : -ENOMEM;
}

/* Numerator or denominator. NULL text: none. */
static int
part_text(struct bb_digest_adding *adding, const struct bb_reading *reading, uint32_t flag,
          struct bb_decimal part, char **ret_text)
{
    char text[BB_DECIMAL_TEXT];

    if (!(reading->flags & flag))
        return 0;
    *ret_text = bb_digest_text(adding->digest, bb_bytes(text, bb_decimal_format(part, text)));
    return *ret_text ? 0 : -ENOMEM;
}

static int
list_parts(struct bb_digest_adding *adding, const struct bb_reading *old, const struct bb_reading *now,
           Bb__Correction *correction)
{
    int r = part_text(adding, old, BB_ROW_NUMERATOR, old->numerator, &correction->old_numerator);

    if (r == 0)
        r = part_text(adding, now, BB_ROW_NUMERATOR, now->numerator, &correction->new_numerator);
    if (r == 0)
        r = part_text(adding, old, BB_ROW_DENOMINATOR, old->denominator, &correction->old_denominator);
    if (r == 0)
        r = part_text(adding, now, BB_ROW_DENOMINATOR, now->denominator, &correction->new_denominator);
    return r;
}

Bb__Correction *
bb_digest_new_correction(struct bb_arena *arena, struct bb_digest_indicator *indicator)
{
    Bb__Correction *correction = bb_arena_alloc(arena, sizeof *correction);

    if (!indicator->listed)
        indicator->listed = bb_arena_alloc(arena, BB_DIGEST_CORRECTIONS * sizeof(*indicator->listed));
    if (!correction || !indicator->listed)
        return NULL;
    bb__correction__init(correction);
    indicator->listed[indicator->n_listed++] = correction;
    return correction;
}

static int
set_key(struct bb_digest_adding *adding, const struct bb_rowref *row, Bb__Correction *correction)
{
    struct bb_digest *digest = adding->digest;
    char period[BB_PERIOD_TEXT];

    correction->organization = bb_digest_text(digest, bb_digest_organization_text(adding, row->organization));
    correction->place = bb_digest_text(digest, adding->view.text[row->place]);
    correction->disaggregation = bb_digest_text(digest, adding->view.text[row->disaggregation]);
    correction->period =
        bb_digest_text(digest, bb_bytes(period, bb_period_format(adding->period[row->period], period)));
    return correction->organization && correction->place && correction->disaggregation && correction->period
               ? 0
               : -ENOMEM;
}

int
bb_digest_list(struct bb_digest_adding *adding, const struct bb_rowref *row, uint32_t number,
               const struct bb_digest_correction *correction)
{
    struct bb_digest_indicator *indicator = &adding->digest->indicator[number];
    const struct bb_reading *old = &correction->old, *now = &correction->now;
    Bb__Correction *listed;
    int r;

    if (indicator->n_listed == BB_DIGEST_CORRECTIONS)
        return 0;
    listed = bb_digest_new_correction(&adding->digest->arena, indicator);
    if (!listed || set_key(adding, row, listed) != 0)
        return -ENOMEM;
    listed->old_state = bb_row_state(old->flags);
    listed->new_state = bb_row_state(now->flags);
    listed->old_sequence = old->sequence;
    r = value_text(adding, correction->indicator, old, &listed->old_value);
    if (r == 0)
        r = value_text(adding, correction->indicator, now, &listed->new_value);
    return r == 0 ? list_parts(adding, old, now, listed) : r;
}

/* Is it another value, or state, or other parts? A comment is not what a reading says. */
static bool
same_figures(struct bb_reading a, struct bb_reading b)
{
    a.flags &= ~BB_ROW_COMMENT;
    b.flags &= ~BB_ROW_COMMENT;
    a.comment = b.comment = bb_bytes(NULL, 0);
    return bb_reading_same(&a, &b);
}

int
bb_digest_correction(struct bb_digest_adding *adding, const struct bb_rowref *row,
                     struct bb_digest_correction *ret_correction)
{
    struct bb_digest_correction *c = ret_correction;
    struct bb_reading_key key;
    bool waiting;
    int r = look(adding, row, &c->old, &c->now, &key);

    c->is = false;
    c->indicator = key.indicator;
    if (r != 0 || same_figures(c->old, c->now))
        return r;
    r = was_waiting(adding, &key, &waiting);
    c->is = r == 0 && !waiting;
    return r;
}
