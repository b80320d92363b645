/* A replay does the second half of what a request does (bb_apply_*), and both halves see the same head: an
 * item is applied as soon as it is judged, so the order of items is the order of ids and versions.
 *
 * Names. A code leads to its object for ever. Another name leads to the object that goes by it; where several
 * indicators do it leads to nobody (BB_ID_NONE) and who uses it is told to give the code; a place's name or
 * alias that is taken is refused. A name that an organization gives up leads to nobody too, rather than to
 * whom it meant before. */
#include "define_core.h"

#include <errno.h>

int
bb_define_pack(const ProtobufCMessage *message, struct bb_buffer *out)
{
    uint8_t *to;

    bb_buffer_init(out, BB_LIMIT_ENTRY_BYTES);
    to = bb_buffer_extend(out, protobuf_c_message_get_packed_size(message));
    if (!to)
        return out->error;
    protobuf_c_message_pack(message, to);
    return 0;
}

int
bb_define_object(struct bb_head *head, enum bb_object_kind kind, uint32_t id, const char *text,
                 const ProtobufCMessage *details)
{
    struct bb_buffer packed;
    int r = bb_define_pack(details, &packed);

    if (r == 0)
        r = bb_names_describe(head->names, head->filling, kind, id, bb_bytes_str(text),
                              bb_buffer_bytes(&packed));
    if (r == 0)
        r = bb_catalogue_set(&head->catalogue, kind, id, bb_bytes_str(text), bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return r;
}

int
bb_define_details(const struct bb_head *head, enum bb_object_kind kind, uint32_t id, struct bb_arena *arena,
                  const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message)
{
    const struct bb_object *object = bb_catalogue_get(&head->catalogue, kind, id);

    if (!object)
        return BB_STORE_E_NOT_FOUND;
    return bb_message_unpack(type, bb_bytes(object->details, object->details_len), arena, ret_message);
}

int
bb_define_find(struct bb_head *head, enum bb_object_kind kind, const char *text, uint32_t *ret_id,
               bool *ret_canonical)
{
    return bb_names_find(head->names, head->txn, kind, bb_bytes_str(text), ret_id, ret_canonical);
}

char *
bb_define_text(struct bb_arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = bb_arena_alloc(arena, len);

    return copy ? memcpy(copy, text, len) : NULL;
}

int
bb_define_warn(struct bb_arena *arena, Bb__DefineOutcome *outcome, enum bb_row_code code, const char *column,
               const char *text)
{
    outcome->has_code = true;
    outcome->code = code;
    outcome->field = bb_define_text(arena, column);
    outcome->text = bb_define_text(arena, text);
    return outcome->field && outcome->text ? 0 : -ENOMEM;
}

int
bb_define_refuse(struct bb_arena *arena, Bb__DefineOutcome *outcome, enum bb_row_code code,
                 const char *column, const char *text)
{
    outcome->outcome = BB_OUTCOME_REJECTED;
    return bb_define_warn(arena, outcome, code, column, text);
}

int
bb_define_refuse_taken(struct bb_arena *arena, Bb__DefineOutcome *outcome, const char *column,
                       const char *text, const char *owner)
{
    struct bb_note note;

    bb_note_found(&note, BB_ROW_CODE_NAME_TAKEN, BB_FIELD_NONE, bb_bytes_str(text),
                  "a name that is free: '%s' goes by this one", owner);
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_NAME_TAKEN, column, note.text);
}

int
bb_define_outcomes(struct bb_arena *arena, size_t n, Bb__DefineReply *reply)
{
    Bb__DefineOutcome *item = bb_arena_alloc(arena, (n + 1) * sizeof *item);

    reply->item = bb_arena_alloc(arena, (n + 1) * sizeof *reply->item);
    if (!item || !reply->item)
        return -ENOMEM;
    reply->n_item = n;
    for (size_t i = 0; i < n; i++) {
        bb__define_outcome__init(&item[i]);
        reply->item[i] = &item[i];
    }
    return 0;
}

bool
bb_define_is_kept(const Bb__DefineOutcome *outcome)
{
    return outcome->outcome == BB_OUTCOME_CREATED || outcome->outcome == BB_OUTCOME_UPDATED;
}
