/* Nasty bytes through the reader, from a file and byte by byte from a pipe; what it gives is written down as
 * "line:cell|cell|cell" with `!` for a broken row and `<n>` for a cell of n bytes that was too long. */
#include "client/formats/text/csv_reader.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int
file_of(const void *data, size_t len)
{
    int fd = memfd_create("csv", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* A pipe that gives one byte at each read. */
static int
trickle_of(const void *data, size_t len, pid_t *ret_child)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *ret_child = fork();
    if (*ret_child == 0) {
        close(ends[0]);
        for (size_t i = 0; i < len; i++) {
            if (write(ends[1], (const uint8_t *)data + i, 1) != 1)
                _exit(1);
            if (i < 40)
                usleep(50);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static void
put_row(FILE *to, const struct bb_csv_row *row)
{
    fprintf(to, "%llu%s:", (unsigned long long)row->line, row->problem ? "!" : "");
    for (size_t i = 0; i < row->count; i++) {
        if (i)
            fputc('|', to);
        if (row->cell[i].data)
            fwrite(row->cell[i].data, 1, row->cell[i].len, to);
        else
            fprintf(to, "<%zu>", row->cell[i].len);
    }
    fputc('\n', to);
}

static char *
read_all(int fd, char delimiter, size_t *ret_len)
{
    char *out = NULL;
    FILE *to = open_memstream(&out, ret_len);
    struct bb_csv *csv;
    struct bb_csv_row row;
    assert_int_equal(bb_csv_new(bb_feed_fd(&fd), delimiter, NULL, &csv), 0);
    int r;
    while ((r = bb_csv_next(csv, &row)) == 0)
        put_row(to, &row);
    if (r != BB_INPUT_END)
        fprintf(to, "error %d\n", r);
    bb_csv_destroy(&csv);
    fclose(to);
    close(fd);
    return out;
}

static const struct {
    const char *what;
    const char *input;
    size_t len; /* 0: strlen */
    const char *expected;
} cases[] = {
    {"empty file", "", 0, ""},
    {"only empty lines", "\n\r\n\r  \n", 0, ""},
    {"LF", "a,b\nc,d\n", 0, "1:a|b\n2:c|d\n"},
    {"no newline at the end", "a,b\nc,d", 0, "1:a|b\n2:c|d\n"},
    {"CRLF", "a,b\r\nc,d\r\n", 0, "1:a|b\n2:c|d\n"},
    {"CR", "a,b\rc,d\r", 0, "1:a|b\n2:c|d\n"},
    {"mixed ends", "a\rb\nc\r\nd", 0, "1:a\n2:b\n3:c\n4:d\n"},
    {"empty lines count as lines, not as rows", "a\n\n\nb\r\n\r\nc", 0, "1:a\n4:b\n6:c\n"},
    {"quoted comma and newline", "\"a,b\",\"c\nd\"\ne,f\n", 0, "1:a,b|c\nd\n3:e|f\n"},
    {"quoted CRLF and CR stay", "\"a\r\nb\rc\",d\ne", 0, "1:a\r\nb\rc|d\n4:e\n"},
    {"doubled quotes", "\"a \"\"b\"\" c\",\"\"\n", 0, "1:a \"b\" c|\n"},
    {"blanks around", "  a  ,\t b c \n", 0, "1:a|b c\n"},
    {"blanks within quotes stay", "\" a \" , b\n", 0, "1: a |b\n"},
    {"empty cells", ",,\n", 0, "1:||\n"},
    {"an empty last cell", "a,\n", 0, "1:a|\n"},
    {"an empty last cell at the end", "a,", 0, "1:a|\n"},
    {"a quote in a cell without quotes", "5\" pipe,b\nc\n", 0, "1:5\" pipe|b\n2:c\n"},
    {"a spreadsheet's text", "=\"0020011\",b\n", 0, "1:=\"0020011\"|b\n"},
    {"text behind a quote breaks its line", "\"a\"b,c\nd,e\n", 0, "1!:\n2:d|e\n"},
    {"and only the rest of a long row", "x,\"a\nb\" c,\"d\"\nd,e\n", 0, "1!:x\n3:d|e\n"},
    {"text behind a quote at the end", "\"a\"b", 0, "1!:\n"},
    {"a quote that is never closed", "a\n\"b,c\nd,e\n", 0, "1:a\n2!:b,c\nd,e\n\n"},
    {"NUL is a byte", "a\0b,c\n", 6, "1:a\0b|c\n"},
    {"Latin-1 is bytes", "caf\xE9,b\n", 0, "1:caf\xE9|b\n"},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = cases[i].len ? cases[i].len : strlen(cases[i].input);
        size_t found_len;
        char *found = read_all(file_of(cases[i].input, len), ',', &found_len);
        check_text(found, cases[i].expected, cases[i].what);
        free(found);
        pid_t child;
        int status;
        found = read_all(trickle_of(cases[i].input, len, &child), ',', &found_len);
        waitpid(child, &status, 0);
        check_text(found, cases[i].expected, cases[i].what);
        free(found);
    }
}

static void
test_delimiter(void **state)
{
    (void)state;
    size_t len;
    char *found = read_all(file_of("a;1,5\nb;\n", 9), ';', &len);
    assert_string_equal(found, "1:a|1,5\n2:b|\n");
    free(found);
    found = read_all(file_of("a\tb c\n\t\n", 8), '\t', &len);
    assert_string_equal(found, "1:a|b c\n2:|\n");
    free(found);
}

/* A field of ten megabytes, in every state the parser can be in when it grows. */
static void
test_long_cells(void **state)
{
    (void)state;
    static const struct {
        const char *what, *before;
        char fill;
        const char *after;
        const char *expected; /* %zu: the length */
        size_t more;
    } long_cells[] = {
        {"plain", "a,", 'x', ",b\nc,d\n", "1:a|<%zu>|b\n2:c|d\n", 0},
        {"quoted", "a,\"", 'x', "\",b\nc,d\n", "1:a|<%zu>|b\n2:c|d\n", 0},
        {"quoted blanks behind", "a,\"x\"", ' ', ",b\nc,d\n", NULL, 0},
        {"doubled quotes", "a,\"", '"', "\",b\nc,d\n", "1:a|<%zu>|b\n2:c|d\n", 0},
        {"plain blanks", "a,x", ' ', "y,b\nc,d\n", "1:a|<%zu>|b\n2:c|d\n", 2},
        {"NUL bytes", "a,", '\0', ",b\nc,d\n", "1:a|<%zu>|b\n2:c|d\n", 0},
    };
    const size_t n = 10u << 20;
    for (size_t i = 0; i < COUNT(long_cells); i++) {
        size_t before = strlen(long_cells[i].before), after = strlen(long_cells[i].after);
        char *data = malloc(before + n + after);
        memcpy(data, long_cells[i].before, before);
        memset(data + before, long_cells[i].fill, n);
        memcpy(data + before + n, long_cells[i].after, after);
        size_t len;
        char *found = read_all(file_of(data, before + n + after), ',', &len);
        if (long_cells[i].expected) {
            char expected[200];
            size_t kept = long_cells[i].fill == '"' ? n / 2 : n + long_cells[i].more;
            snprintf(expected, sizeof expected, "1:a|<%zu>|b\n2:c|d\n", kept);
            check_text(found, expected, long_cells[i].what);
        } else {
            check(strstr(found, "|b\n2:c|d\n") != NULL, long_cells[i].what);
        }
        free(found);
        free(data);
    }
}

static void
test_many_columns(void **state)
{
    (void)state;
    size_t n = 2000000;
    char *data = malloc(n + 4);
    memset(data, ',', n);
    memcpy(data + n, "\na\n", 4);
    struct bb_csv *csv;
    struct bb_csv_row row;
    int fd = file_of(data, n + 3);
    assert_int_equal(bb_csv_new(bb_feed_fd(&fd), ',', NULL, &csv), 0);
    assert_int_equal(bb_csv_next(csv, &row), 0);
    assert_int_equal(row.count, n + 1);
    assert_int_equal(bb_csv_next(csv, &row), 0);
    assert_int_equal(row.count, 1);
    assert_int_equal(row.number, 2);
    assert_int_equal(bb_csv_next(csv, &row), BB_INPUT_END);
    assert_int_equal(bb_csv_position(csv), n + 3);
    bb_csv_destroy(&csv);
    close(fd);
    free(data);
}

static int
collect(void *self, struct bb_bytes piece)
{
    return fwrite(piece.data, 1, piece.len, self) == piece.len ? 0 : -EIO;
}

/* Every row's text comes back as it was, short ones from memory, long ones from the spool. */
static void
test_raw(void **state)
{
    (void)state;
    const size_t n = 300000;
    char *data = NULL;
    size_t len;
    FILE *to = open_memstream(&data, &len);
    fputs("h1,h2\r\n\n \"a\n\nb\" , c \r", to);
    fputs("\"", to);
    for (size_t i = 0; i < n; i++)
        fputc(i % 80 ? 'x' : '\n', to);
    fputs("\",z\r\nlast,row", to);
    fclose(to);
    int fd = file_of(data, len);
    struct bb_spool *spool;
    struct bb_csv *csv;
    struct bb_csv_row row;
    assert_int_equal(bb_spool_new(&spool), 0);
    assert_int_equal(bb_csv_new(bb_feed_fd(&fd), ',', spool, &csv), 0);
    char *found = NULL;
    size_t found_len;
    to = open_memstream(&found, &found_len);
    for (int i = 0; bb_csv_next(csv, &row) == 0; i++) {
        bool long_row = i == 2;
        assert_int_equal(row.raw.len > 0, long_row);
        if (long_row)
            bb_spool_hold(spool);
        assert_int_equal(bb_raw_walk(&row.raw, spool, collect, to), 0);
        if (long_row)
            bb_spool_drop(spool);
    }
    fclose(to);
    /* all but the empty line */
    size_t head = strlen("h1,h2\r\n");
    assert_int_equal(found_len, len - 1);
    assert_memory_equal(found, data, head);
    assert_memory_equal(found + head, data + head + 1, found_len - head);
    free(found);
    free(data);
    bb_csv_destroy(&csv);
    bb_spool_destroy(&spool);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),      cmocka_unit_test(test_delimiter),
        cmocka_unit_test(test_long_cells), cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
