/* A file of values in XML: whatever it is, reading ends, with a place where it is wrong; cells are UTF-8, and
 * the row of a record is JSON; and it is the same however the bytes come. */
#include "pieces.h"

#include "client/formats/read/xml.h"
#include "proto/utf8.h"

#include <jansson.h>

static void
check_record(const struct bb_cells *cells, struct bb_spool *spool)
{
    struct bb_buffer text;
    json_t *object;

    for (size_t i = 0; i < cells->count; i++)
        require(cells->cell[i].kind == BB_CELL_ABSENT || bb_utf8_is_text(cells->cell[i].text));
    pieces_raw(&cells->raw, spool, &text);
    object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    require(json_is_object(object));
    json_decref(object);
    bb_buffer_release(&text);
}

static uint64_t
read_all(struct bb_bytes in, size_t piece, struct bb_spool *spool)
{
    struct pieces source = {in, piece};
    struct bb_reader reader;
    struct bb_cells cells;
    uint64_t n = 0;
    int r;

    require(bb_xml_reader(pieces_feed(&source), false, spool, &reader) == 0);
    while ((r = bb_reader_next(&reader, &cells)) == 0) {
        require(cells.number == ++n);
        check_record(&cells, spool);
    }
    require(r == BB_READER_END || r == BB_READER_BAD);
    require(r == BB_READER_END || strncmp(bb_reader_error(&reader), "line ", 5) == 0);
    bb_reader_destroy(&reader);
    return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_bytes in = bb_bytes(data, size);
    struct bb_spool *spool;

    require(bb_spool_new(&spool) == 0);
    require(read_all(in, size + 1, spool) == read_all(in, 7, spool));
    bb_spool_destroy(&spool);
    return 0;
}
