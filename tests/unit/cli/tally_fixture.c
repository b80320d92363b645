#include "tally_fixture.h"

#include "proto/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char tally_said[8192];

void
tally_say(const char *line)
{
    strncat(tally_said, line, sizeof tally_said - strlen(tally_said) - 2);
    strcat(tally_said, "\n");
}

void
tally_open(struct tally_file *f, const char *data, size_t len, enum bb_format format, const char *map,
           bool keep)
{
    char error[1000];
    struct bb_source_options options = {.file = "", .format = format, .map = &f->map, .mapped = map};
    assert_int_equal(bb_map_init(&f->map), 0);
    if (map)
        assert_int_equal(bb_map_parse(&f->map, "map", bb_bytes_str(map), error, sizeof error), 0);
    f->fd = memfd_create("tally", MFD_CLOEXEC);
    assert_int_equal(write(f->fd, data, len), (ssize_t)len);
    lseek(f->fd, 0, SEEK_SET);
    assert_int_equal(bb_spool_new(&f->spool), 0);
    options.spool = keep ? f->spool : NULL;
    assert_int_equal(bb_source_new(bb_feed_fd(&f->fd), &options, &f->source, error, sizeof error), 0);
    bb_chunk_init(&f->chunk, f->spool, keep);
}

void
tally_close(struct tally_file *f)
{
    bb_chunk_release(&f->chunk);
    bb_source_destroy(&f->source);
    bb_spool_destroy(&f->spool);
    bb_map_release(&f->map);
    close(f->fd);
}

int
tally_read(struct tally_file *f)
{
    struct bb_source_row record;
    int r = bb_source_next(f->source, &record);
    if (r == 0 && record.code)
        r = bb_chunk_add_refused(&f->chunk, &record, record.code, bb_field_name(record.field), record.reason);
    else if (r == 0)
        r = bb_chunk_add_sent(&f->chunk, &record);
    return r;
}

char *
tally_contents(const char *name, size_t *ret_len)
{
    FILE *from = fopen(name, "r");
    char *text = calloc(1, 1u << 20);
    *ret_len = fread(text, 1, (1u << 20) - 1, from);
    fclose(from);
    return text;
}

char *
tally_import(const char *data, size_t len, enum bb_format format, const char *map, struct bb_tally *tally)
{
    char name[] = "/tmp/test_tally.XXXXXX";
    close(mkstemp(name));
    struct tally_file f;
    struct bb_note refused[100], warned[100];
    uint8_t outcome[100];
    struct bb_outcomes outcomes = {.outcome = outcome, .rejected = refused, .warning = warned};
    tally_open(&f, data, len, format, map, true);
    *tally = (struct bb_tally){.file = "f", .say = tally_say};
    tally_said[0] = '\0';
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally->rejects), 0);
    int r;
    while ((r = tally_read(&f)) == 0)
        ;
    assert_int_equal(r, BB_SOURCE_END);
    for (size_t i = 0; i < f.chunk.n_sent; i++) {
        /* the indicator is not kept in the chunk: take it from the raw text */
        struct bb_raw raw = bb_chunk_raw(&f.chunk, &f.chunk.row[f.chunk.sent[i]]);
        bool x = raw.text.len && memchr(raw.text.data, 'x', raw.text.len);
        bool w = raw.text.len && memchr(raw.text.data, 'w', raw.text.len);
        struct bb_note note = {(uint32_t)i,
                               BB_ROW_CODE_BAD_PERIOD,
                               "BAD_PERIOD",
                               "period",
                               "found \"Q5\", expected a period",
                               0};
        outcome[i] = x ? BB_REJECTED : BB_CREATED;
        if (x)
            refused[outcomes.n_rejected++] = note;
        if (w)
            warned[outcomes.n_warnings++] = note;
    }
    outcomes.rows = (uint32_t)f.chunk.n_sent;
    assert_int_equal(bb_chunk_answer(&f.chunk, &outcomes), 0);
    bb_tally_chunk(tally, &f.chunk);
    bb_tally_finish(tally);
    assert_int_equal(bb_rejects_finish(tally->rejects, true), 0);
    bb_rejects_destroy(&tally->rejects);
    tally_close(&f);
    size_t out_len;
    char *out = tally_contents(name, &out_len);
    unlink(name);
    return out;
}
