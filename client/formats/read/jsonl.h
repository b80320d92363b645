/* Records of a JSONL file: one JSON object a line, its members are the cells.
 *
 * Line ends may be LF, CRLF or CR; empty lines are skipped. A line that is no object, or has two members of
 * the same name, is a broken record: it is told, and reading goes on with the next line. Numbers keep the
 * text they have in the file, null is no cell, objects and lists are cells as they are written. A line that
 * is too long is counted, not kept. */
#ifndef BB_FORMATS_JSONL_H
#define BB_FORMATS_JSONL_H

#include "reader.h"

#include "client/formats/text/feed.h"

/* feed: of UTF-8 without a byte order mark (decode.h); its memory is the caller's. spool: borrowed; NULL: the
 * text of records is not kept. Records are numbered as lines are, without the empty ones. 0 | -ENOMEM */
int bb_jsonl_reader(struct bb_feed feed, struct bb_spool *spool, struct bb_reader *ret_reader);

#endif
