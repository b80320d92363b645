/* Names: every code, name and alias, and the id behind it.
 *
 * Ids are given by first appearance in the journal, so the writer can give them before the applier has stored
 * them: what is new waits in an overlay and in the generation's puts. Lookups go overlay, cache, view. Each
 * kind is a namespace of its own. One thread: the writer's.
 *
 * An object's record is its canonical text and details: varint length | text | details. Details are the
 * packed Organization, Indicator, or Place message (a place that nobody registered has none); a
 * disaggregation has none. */
#ifndef BB_NAMES_H
#define BB_NAMES_H

#include "generation.h"

#include "runtime/buffer.h"

enum bb_object_kind {
    BB_OBJECT_ORGANIZATION = 'O',
    BB_OBJECT_INDICATOR = 'I',
    BB_OBJECT_PLACE = 'P',
    BB_OBJECT_DISAGGREGATION = 'D',
};

#define BB_OBJECT_KINDS 4

/* 0 to 3: for tables with a place for each kind. */
int bb_object_index(enum bb_object_kind kind);

/* The id behind a name that leads to nothing: several indicators share it, or an organization gave it up. */
#define BB_ID_NONE 0u

struct bb_names;

/* Reads the next ids from the views. 0 | -errno */
int bb_names_new(const struct bb_views *views, struct bb_names **ret_names);
void bb_names_destroy(struct bb_names **names);

/* The id of a text.
 * txn: a read transaction on the views. ret_canonical: is this the object's own text, not an alias of it?
 * 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_names_find(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, struct bb_bytes text,
                  uint32_t *ret_id, bool *ret_canonical);

/* ... of its own text only, not of an alias. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_names_find_own(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, struct bb_bytes text,
                      uint32_t *ret_id);

/* A new object with this canonical text. Its name, and a record without details, go to the generation.
 * 0 | -ENOMEM */
int bb_names_add(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
                 struct bb_bytes text, uint32_t *ret_id);

/* Another text for an object, or the canonical one again; takes it from whatever had it. 0 | -ENOMEM */
int bb_names_set(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
                 struct bb_bytes text, uint32_t id, bool canonical);

/* The canonical text of an object that bb_names_find() gave by an alias: from the overlay or the view, copied
 * into `out`. 0 | <0 */
int bb_names_text(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, uint32_t id,
                  struct bb_buffer *out);

/* The object's record with other details. 0 | -ENOMEM */
int bb_names_describe(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
                      uint32_t id, struct bb_bytes text, struct bb_bytes details);

/* Undo: back to an earlier state of what is young. Only additions can be undone, not a name set anew. */
struct bb_names_mark {
    uint32_t names, texts;
    uint32_t next[BB_OBJECT_KINDS];
};
struct bb_names_mark bb_names_mark(const struct bb_names *names);
void bb_names_rollback(struct bb_names *names, const struct bb_names_mark *mark);

/* The generation that was filling is handed to the applier: what comes now is younger. */
void bb_names_seal(struct bb_names *names);
/* The sealed part is in the views: forget it. */
void bb_names_applied(struct bb_names *names);

/* Keys and records, for readers of the views. */
#define BB_NAME_KEY   (1 + 511)
#define BB_OBJECT_KEY (1 + 4)
size_t bb_name_key(enum bb_object_kind kind, struct bb_bytes text, uint8_t out[static BB_NAME_KEY]);
size_t bb_object_key(enum bb_object_kind kind, uint32_t id, uint8_t out[static BB_OBJECT_KEY]);
/* 0 | -EBADMSG */
int bb_name_unpack(struct bb_bytes payload, uint32_t *ret_id, bool *ret_canonical);
int bb_object_unpack(struct bb_bytes payload, struct bb_bytes *ret_text, struct bb_bytes *ret_details);

#endif
