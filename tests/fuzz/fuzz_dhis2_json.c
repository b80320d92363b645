/* Values of DHIS2 in JSON: whatever the file is, reading ends, with a place where it is wrong; cells are
 * UTF-8; the row of a sound record is one line of JSON, which is read as one record, and as that again; and
 * it is the same however the bytes come. */
#include "pieces.h"

#include "client/formats/read/dhis2_json.h"
#include "client/formats/read/json_members.h"
#include "proto/utf8.h"

/* A line that stands for a record is one: unless it has nothing but what a set may say. */
static void
check_again(struct bb_bytes line)
{
    struct pieces source = {line, line.len};
    struct bb_spool *spool;
    struct bb_reader reader;
    struct bb_cells cells;
    struct bb_buffer text;

    require(bb_spool_new(&spool) == 0);
    require(bb_dhis2_json_reader(pieces_feed(&source), spool, &reader) == 0);
    int r = bb_reader_next(&reader, &cells);
    require(r == 0 || r == BB_READER_END);
    if (r == 0) {
        pieces_raw(&cells.raw, spool, &text);
        require(bb_bytes_equal(bb_buffer_bytes(&text), line));
        bb_buffer_release(&text);
        require(bb_reader_next(&reader, &cells) == BB_READER_END);
    }
    bb_reader_destroy(&reader);
    bb_spool_destroy(&spool);
}

/* A value may have a member of any name; one of these makes something else of it when it stands alone. */
static bool
is_more(struct bb_bytes line)
{
    static const char *const names[] = {"dataValues", "dataElements", "indicators", "organisationUnits",
                                        "\\u"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (memmem(line.data, line.len, names[i], strlen(names[i])))
            return true;
    return false;
}

static void
check_record(const struct bb_cells *cells, struct bb_spool *spool)
{
    struct bb_buffer text;

    require(!cells->code == !cells->reason);
    for (size_t i = 0; i < cells->count; i++)
        require(cells->cell[i].kind == BB_CELL_ABSENT || bb_utf8_is_text(cells->cell[i].text));
    pieces_raw(&cells->raw, spool, &text);
    struct bb_bytes line = bb_buffer_bytes(&text);
    require(!memchr(line.data, '\n', line.len) && !memchr(line.data, '\r', line.len));
    if (cells->code == 0) {
        require(bb_json_is_object(line));
        if (!is_more(line))
            check_again(line);
    }
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

    require(bb_dhis2_json_reader(pieces_feed(&source), spool, &reader) == 0);
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
    require(read_all(in, size + 1, spool) == read_all(in, 3, spool));
    bb_spool_destroy(&spool);
    return 0;
}
