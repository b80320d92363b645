/* What a reader gives, as text to compare: a line for each record, "3: period=201201|value=5", with `!` and
 * the reason behind a broken one, and #, ? and + before numbers, truth values and what is nested; last how it
 * ended: "end", "bad: line 1, column 1: ...", "error -5". */
#ifndef BB_TESTS_READER_TEXT_H
#define BB_TESTS_READER_TEXT_H

#include "client/formats/read/reader.h"
#include "client/formats/text/feed.h"

#include <stdio.h>

/* Bytes of memory, `piece` at a time. */
struct reader_text_memory {
    struct bb_bytes left;
    size_t piece;
};
struct bb_feed reader_text_feed(struct reader_text_memory *memory);

/* Takes the reader. To be freed. */
char *reader_text(struct bb_reader *reader);
/* The text of each record as it stood in the file, a line each. Takes the reader. To be freed. */
char *reader_raws(struct bb_reader *reader, struct bb_spool *spool);

#endif
