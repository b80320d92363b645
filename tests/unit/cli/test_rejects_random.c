/* Random files, of which rows are refused: what is written out reads back. */
#include "tally_fixture.h"

#include "client/formats/text/csv_reader.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- random files: what is written out reads back
 * ----------------------------------------------------------- */

#define RANDOM_COLUMNS 4

static unsigned random_state;

static unsigned
random_below(unsigned n)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % n;
}

#define ROW_END "\2"

/* The cells of every row, each ended by \1; of broken or uneven rows "!"; each row ended by \2. */
static char *
cells_of(const char *data, size_t len, size_t columns)
{
    char *out = NULL;
    size_t out_len;
    FILE *to = open_memstream(&out, &out_len);
    int fd = memfd_create("cells", MFD_CLOEXEC);
    struct bb_csv *reader;
    struct bb_csv_row row;
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(bb_csv_new(bb_feed_fd(&fd), ',', NULL, &reader), 0);
    bb_csv_next(reader, &row);
    while (bb_csv_next(reader, &row) == 0) {
        bool even = !row.problem && row.count == columns, blank = row.count > 0;
        for (size_t i = 0; i < row.count && i < BB_CSV_COLUMNS; i++)
            blank = blank && row.cell[i].len == 0;
        if (blank && !row.problem)
            continue; /* nothing stands in it: it is no row */
        for (size_t i = 0; even && i < RANDOM_COLUMNS; i++)
            fprintf(to, "%.*s\1", (int)row.cell[i].len, (const char *)row.cell[i].data);
        fputs(even ? ROW_END : "!" ROW_END, to);
    }
    bb_csv_destroy(&reader);
    close(fd);
    fclose(to);
    return out;
}

static void
random_row(FILE *to)
{
    static const char *const pieces[] = {"a",  "b",    " ",     "\t", ",",  ",",    ",",
                                         "\"", "\"\"", "\"c\"", "\r", "\n", "\r\n", "\xC3\xA9"};
    static const char *const sound[] = {"a",          "",         " b ",  "\"c,d\"",    "\"e\nf\"",
                                        "\"g\"\"h\"", "i\"j",     "\"\"", "\"k\r\nl\"", " \" m \" ",
                                        "\"\"\"\"",   "\xC3\xA9", "n o"};
    if (random_below(3)) {
        for (int i = 0; i < RANDOM_COLUMNS; i++)
            fprintf(to, "%s%s", i ? "," : "x", sound[random_below(COUNT(sound))]);
    } else {
        for (unsigned i = random_below(12); i; i--)
            fputs(pieces[random_below(COUNT(pieces))], to);
    }
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    fputs(ends[random_below(3)], to);
}

/* Of a sound row the same cells come back. Behind a broken one that was mended, or that spilt into the next,
 * rows can no longer be told apart: the comparison ends. */
static bool
comes_back(const char *before, const char *after)
{
    while (*before && *after) {
        size_t b = strcspn(before, ROW_END) + 1, a = strcspn(after, ROW_END) + 1;
        if (*before != '!' && (a != b || strncmp(before, after, a) != 0))
            return false;
        if (*before == '!' && *after != '!')
            return true;
        before += b;
        after += a;
    }
    return true;
}

/* Refuse every row of a file; what stands in the file of refused rows then. */
static char *
refuse_all(const char *data, size_t len, const char *map, size_t *ret_len)
{
    struct tally_file f;
    struct bb_tally tally = {.file = "f", .say = tally_say};
    char name[] = "/tmp/test_tally.XXXXXX";
    close(mkstemp(name));
    tally_said[0] = '\0';
    tally_open(&f, data, len, BB_FORMAT_CSV, map, true);
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally.rejects), 0);
    while (tally_read(&f) == 0)
        ;
    assert_int_equal(bb_chunk_abort(&f.chunk), 0);
    bb_tally_chunk(&tally, &f.chunk);
    assert_int_equal(bb_rejects_finish(tally.rejects, true), 0);
    bb_rejects_destroy(&tally.rejects);
    tally_close(&f);
    char *out = tally_contents(name, ret_len);
    unlink(name);
    return out;
}

/* What is refused of each row of a file. */
static char *
codes_of(const char *data, size_t len, const char *map)
{
    struct tally_file f;
    struct bb_source_row row;
    char *out = NULL;
    size_t out_len;
    FILE *to = open_memstream(&out, &out_len);

    tally_open(&f, data, len, BB_FORMAT_CSV, map, true);
    while (bb_source_next(f.source, &row) == 0)
        fprintf(to, "%d ", (int)row.code);
    tally_close(&f);
    fclose(to);
    return out;
}

/* Nobody has corrected anything: what was refused is refused again, and nothing else; and written again the
 * file stays the same. */
static void
check_refused_again(const char *data, size_t len, const char *map, unsigned seed)
{
    size_t first_len, second_len;
    char *first = refuse_all(data, len, map, &first_len);
    char *codes = codes_of(data, len, map), *again = codes_of(first, first_len, map);

    if (strcmp(codes, again) != 0)
        fail_msg("seed %u: %s became %s:\n%s\nbecame\n%s", seed, codes, again, data, first);
    char *second = refuse_all(first, first_len, map, &second_len);
    char *cells = cells_of(first, first_len, RANDOM_COLUMNS + 4);
    char *cells_again = cells_of(second, second_len, RANDOM_COLUMNS + 4);
    check_text(cells_again, cells, first);
    free(first);
    free(second);
    free(codes);
    free(again);
    free(cells);
    free(cells_again);
}

/* How somebody corrects such a file. */
static void
test_corrected(void **state)
{
    (void)state;
#define HEADER "indicator,period,value,row,code,field,reason\n"
#define NOTED  "1,BAD_ROW,,\"found 2 columns, expected 3\""
    static const struct {
        const char *text, *map, *codes;
    } files[] = {
        {HEADER "a,2018," NOTED "\n", NULL, "17 "},
        {HEADER "a,2018," NOTED ",,,\n", NULL, "17 "},
        {HEADER "a,2018,1," NOTED "\n", NULL, "0 "},
        {HEADER "a,2018,1," NOTED ",\n", NULL, "0 "},
        {HEADER "a,2018,1\na,2019\n", NULL, "0 17 "},
        {HEADER "a,2018,1,,,,\n", NULL, "0 "},
        {HEADER "a,2018,1,,mended,,\n", NULL, "0 "},
        {HEADER "\"a\",\"2018\",\"1\",\"BAD_ROW\",\"\",\"found\"\n", NULL, "17 "},
        {"a,2018," NOTED "\na,2018,1," NOTED "\n",
         "{\"dialect\": {\"header\": false}, \"fields\": [{\"name\": \"indicator\"}, {\"name\": \"period\"}, "
         "{\"name\": \"value\"}]}",
         "17 0 "},
    };

    for (size_t i = 0; i < COUNT(files); i++) {
        char *codes = codes_of(files[i].text, strlen(files[i].text), files[i].map);
        check_text(codes, files[i].codes, files[i].text);
        free(codes);
    }
}

static void
test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 3000; seed++) {
        char *data = NULL;
        size_t len, out_len;
        FILE *to = open_memstream(&data, &len);
        random_state = seed;
        fputs("indicator,period,value,comment\n", to);
        for (int i = 0; i < 5; i++)
            random_row(to);
        fclose(to);
        char *out = refuse_all(data, len, NULL, &out_len);
        char *before = cells_of(data, len, RANDOM_COLUMNS);
        char *after = cells_of(out, out_len, RANDOM_COLUMNS + 4);
        if (!comes_back(before, after))
            fail_msg("seed %u:\n%s\nbecame\n%s", seed, data, out);
        check_refused_again(data, len, NULL, seed);
        check_refused_again(data, len, HEADERLESS, seed);
        free(before);
        free(after);
        free(data);
        free(out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corrected),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
