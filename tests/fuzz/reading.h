/* A file in memory, read to its end as bb_source does: what must hold of each row, whatever file and map. */
#ifndef BB_TESTS_FUZZ_READING_H
#define BB_TESTS_FUZZ_READING_H

#include "pieces.h"

#include "client/formats/source.h"
#include "proto/utf8.h"

#include <errno.h>

static inline void
reading_check(const struct bb_source_row *row, struct bb_spool *spool)
{
    struct bb_buffer text;

    require(!row->code || (row->reason && strstr(row->reason, "xpected")));
    require(!row->reason || bb_utf8_is_text(bb_bytes_str(row->reason)));
    for (int i = 0; !row->code && i < BB_COLUMNS; i++) /* whether it is text, the submission looks */
        (void)bb_utf8_is_text(bb_bytes(row->row.field[i].data, row->row.field[i].len));
    pieces_raw(&row->raw, spool, &text);
    bb_buffer_release(&text);
}

/* Readings of the file; -1 where it could not be opened or read to its end. */
static inline int
reading_all(struct bb_bytes in, size_t piece, const struct bb_map *map, enum bb_format format, bool mapped)
{
    struct pieces source_of = {in, piece};
    struct bb_source_options options = {
        .file = "readings 2019-20.csv", .format = format, .map = map, .mapped = mapped};
    char error[BB_SOURCE_MESSAGE] = "";
    struct bb_source *source = NULL;
    struct bb_source_row row;
    uint64_t last = 0;
    int r, n = 0;

    require(bb_spool_new(&options.spool) == 0);
    r = bb_source_new(pieces_feed(&source_of), &options, &source, error, sizeof error);
    require(r == 0 || (r == -EINVAL && *error && strlen(error) < sizeof error));
    if (r == 0) {
        while ((r = bb_source_next(source, &row)) == 0) {
            require(row.number >= last);
            last = row.number;
            n++;
            reading_check(&row, options.spool);
        }
        require(r == BB_SOURCE_END || (r == -EILSEQ && *bb_source_error(source)));
        n = r == BB_SOURCE_END ? n : -1;
        bb_source_destroy(&source);
    } else {
        n = -1;
    }
    bb_spool_destroy(&options.spool);
    return n;
}

#endif
