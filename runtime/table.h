/* Tables: many messages of one type as columns (message Table, proto/measurement.proto).
 *
 * A message of its own for each row costs tags, lengths and a hundred nanoseconds; a column costs its values.
 * For types whose fields are numbers (uint32, uint64, bool) and strings, none of them repeated, and repeated
 * messages. What is packed and unpacked again is the same message by message. */
#ifndef BB_TABLE_H
#define BB_TABLE_H

#include "proto/arena.h"

#include "measurement.pb-c.h"

/* Rows that are fewer are shorter as they are. */
#define BB_TABLE_ROWS 8u

/* rows: n messages of the type. The table is the arena's, its texts are copied. 0 | -ENOMEM */
int bb_table_of(const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *rows, uint32_t n,
                struct bb_arena *arena, Bb__Table **ret_table);

/* Rows again; they are the arena's, and their texts the table's.
 * 0 | -EBADMSG a column that does not fit the type or the count, a text that is not UTF-8, a message that is
 * malformed | -EMSGSIZE they do not fit the arena */
int bb_table_rows(const Bb__Table *table, const ProtobufCMessageDescriptor *type, struct bb_arena *arena,
                  ProtobufCMessage ***ret_rows);

#endif
