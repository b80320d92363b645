/* Terms: what stands behind an id: its text, and what of its details a query needs.
 *
 * A query meets the same few indicators, places, organizations and disaggregations in thousands of records;
 * each is read from the store once and then found by its id. Places may be as many as readings: of those that
 * are not printed nothing is kept but whether some of them are aggregate. What is found is valid until the
 * terms are released or trimmed. */
#ifndef BB_TERMS_H
#define BB_TERMS_H

#include "names.h"
#include "snapshot.h"

#include "proto/arena.h"
#include "workers/measurement/model/ids.h"
#include "workers/measurement/model/indicator.h"

struct bb_term_version {
    uint32_t version;
    uint64_t sequence;
};

struct bb_term {
    uint32_t id;
    enum bb_object_kind kind;
    struct bb_bytes text;
    bool shares;                      /* organization: its own line is for all to see */
    uint32_t joined_day, left_day;    /* organization: member from the one to before the other; 0: unknown */
    struct bb_bytes dimensions;       /* disaggregation: their names, "gender;race" */
    const struct bb_indicator *rules; /* indicator: once they were asked for */
    struct bb_term_version *versions; /* indicator: in order, once bb_version_at() asked for them */
    uint32_t n_versions;
    /* Room for whoever writes texts into a dictionary: index in dictionary number `dictionary`. */
    uint32_t dictionary, index;
};

struct bb_terms {
    struct bb_arena arena;   /* terms, texts, rules */
    struct bb_arena scratch; /* one message */
    struct bb_ids ids[BB_OBJECT_KINDS];
    struct bb_term **term[BB_OBJECT_KINDS]; /* by number in ids */
    uint32_t size[BB_OBJECT_KINDS];
    struct bb_buffer text;
    uint32_t *places; /* BB_TERMS_PLACES of them, by id: which are aggregate */
};

#define BB_TERMS_PLACES 32768u

/* bytes: most that they may take. */
void bb_terms_init(struct bb_terms *terms, size_t bytes);
void bb_terms_release(struct bb_terms *terms);
/* Forget everything, and take no memory: between two steps. */
void bb_terms_rest(struct bb_terms *terms);
/* Forget everything if it has become much: between two steps. */
void bb_terms_trim(struct bb_terms *terms);

/* The term of an id that a record names. Id 0 has the empty text.
 * 0 | -ENOMEM | -EDQUOT too many | -EBADMSG damaged or missing */
int bb_terms_get(struct bb_terms *terms, struct bb_snapshot *snapshot, enum bb_object_kind kind, uint32_t id,
                 struct bb_term **ret_term);

/* Why an arena had no room for so many bytes: -EDQUOT that is its limit | -ENOMEM */
int bb_no_room(const struct bb_arena *arena, size_t bytes);

/* Does this place contain others? Takes the same memory however many places are asked for.
 * 0 | -ENOMEM | -EBADMSG */
int bb_terms_is_aggregate(struct bb_terms *terms, struct bb_snapshot *snapshot, uint32_t place,
                          bool *ret_aggregate);

/* Fill term->rules: the indicator's numbers, by its definition as of the snapshot. */
int bb_terms_rules(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *term);

/* The term of an indicator, with its rules. */
int bb_terms_indicator(struct bb_terms *terms, struct bb_snapshot *snapshot, uint32_t id,
                       struct bb_term **ret_term);

/* What was registered of a place; NULL: nothing, readings named it. arena: for the message.
 * 0 | -ENOMEM | -EBADMSG damaged or missing */
int bb_term_place(struct bb_snapshot *snapshot, uint32_t place, struct bb_arena *arena,
                  Bb__Place **ret_place);

/* The id behind a code, name or alias. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_term_find(struct bb_snapshot *snapshot, enum bb_object_kind kind, struct bb_bytes text,
                 uint32_t *ret_id);

/* ... of its own text only, not of an alias. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_term_find_own(struct bb_snapshot *snapshot, enum bb_object_kind kind, struct bb_bytes text,
                     uint32_t *ret_id);

/* A definition as of the snapshot, its version and sequence filled in; the first one when there was none yet.
 * 0 | -ENOMEM | -EBADMSG damaged or missing */
int bb_term_definition(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
                       Bb__Indicator **ret_definition);

/* The same with its numbers; suppress_below is that of the present, whatever the moment asked for: what is
 * protected today is so in every answer. counted_otherwise: at present other readings count, or as something
 * else.
 */
int bb_term_rules(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
                  Bb__Indicator **ret_definition, struct bb_indicator *ret_rules);

#endif
