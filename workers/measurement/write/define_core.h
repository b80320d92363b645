/* Inside of the commands that change the catalogue: what their files share. Nobody else includes this. */
#ifndef BB_DEFINE_CORE_H
#define BB_DEFINE_CORE_H

#include "define.h"

#include "proto/limits.h"
#include "proto/message.h"

/* The packed form of a message, in a buffer that the caller releases. 0 | -ENOMEM */
int bb_define_pack(const ProtobufCMessage *message, struct bb_buffer *out);

/* Details of an object: in names, catalogue and generation. 0 | -ENOMEM | -EBADMSG */
int bb_define_object(struct bb_head *head, enum bb_object_kind kind, uint32_t id, const char *text,
                     const ProtobufCMessage *details);
/* ... and as they stand, decoded. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_define_details(const struct bb_head *head, enum bb_object_kind kind, uint32_t id,
                      struct bb_arena *arena, const ProtobufCMessageDescriptor *type,
                      ProtobufCMessage **ret_message);

/* What goes by this text. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_define_find(struct bb_head *head, enum bb_object_kind kind, const char *text, uint32_t *ret_id,
                   bool *ret_canonical);

/* A copy in the arena; NULL without memory. */
char *bb_define_text(struct bb_arena *arena, const char *text);

/* Outcomes: n of them, empty; one that refuses; was the item kept? 0 | -ENOMEM */
int bb_define_outcomes(struct bb_arena *arena, size_t n, Bb__DefineReply *reply);
int bb_define_refuse(struct bb_arena *arena, Bb__DefineOutcome *outcome, enum bb_row_code code,
                     const char *column, const char *text);
/* It is kept, with a warning. 0 | -ENOMEM */
int bb_define_warn(struct bb_arena *arena, Bb__DefineOutcome *outcome, enum bb_row_code code,
                   const char *column, const char *text);
/* A text that another object of the kind goes by now. */
int bb_define_refuse_taken(struct bb_arena *arena, Bb__DefineOutcome *outcome, const char *column,
                           const char *text, const char *owner);
bool bb_define_is_kept(const Bb__DefineOutcome *outcome);

/* The present definition with this code; NULL, and id 0: none. 0 | <0 */
int bb_define_previous(struct bb_head *head, struct bb_arena *arena, const char *code, uint32_t *ret_id,
                       Bb__Indicator **ret_previous);
/* Bring a definition, with its version, into the head. 0 | <0 */
int bb_define_apply_indicator(struct bb_head *head, Bb__Indicator *definition, uint64_t sequence);

#endif
