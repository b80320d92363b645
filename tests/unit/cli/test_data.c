/* What the data commands share: ranges, moments, list files. */
#include "client/cli/data.h"
#include "client/cli/list_file.h"

#include "runtime/clock.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
test_range(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to;
    } cases[] = {
        {"2018-19", "2018-19", "2018-19"},
        {"2018..2020", "2018", "2020"},
        {"2018..", "2018", NULL},
        {"..2020", NULL, "2020"},
        {"..", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[40];
        const char *from, *to;
        strcpy(text, cases[i].text);
        bb_cli_period_range(text, &from, &to);
        check_text(from ? from : "(none)", cases[i].from ? cases[i].from : "(none)", cases[i].text);
        check_text(to ? to : "(none)", cases[i].to ? cases[i].to : "(none)", cases[i].text);
    }
}

static void
test_as_of(void **state)
{
    (void)state;
    uint64_t sequence = 0;
    int64_t us = 0;
    assert_int_equal(bb_cli_as_of("seq:17", &sequence, &us), 0);
    assert_int_equal(sequence, 17);
    assert_int_equal(us, 0);
    assert_int_equal(bb_cli_as_of("1970-01-02T00:00:00.000001Z", &sequence, &us), 0);
    assert_int_equal(us, 86400000001);
    sequence = 0;
    assert_int_equal(bb_cli_as_of("seq:0", &sequence, &us), 0);
    assert_int_equal(sequence, 0);
    assert_int_equal(us, 1); /* a time before every entry */
    static const char *const wrong[] = {
        "seq:", "seq:-1", "seq: 1", "seq:1x", "seq:99999999999999999999999", "", "now", "17", "2026-02-30"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        check(bb_cli_as_of(wrong[i], &sequence, &us) == -EINVAL, wrong[i]);
    assert_int_equal(bb_cli_as_of("9999-01-01", &sequence, &us), -ERANGE);
    assert_int_equal(bb_cli_as_of("9999-01-01T00:00:00Z", &sequence, &us), -ERANGE);
}

static void
test_since(void **state)
{
    static const struct {
        const char *text;
        uint64_t sequence;
        int64_t us;
    } table[] = {
        {"seq:17", 17, 0},
        {"17", 17, 0},
        {"seq:0", 0, 1},
        {"0", 0, 1},
        {"seq:123456", 123456, 0},      /* as long as a date */
        {"1970-01-02", 0, 86399999999}, /* all of that day is since then */
        {"1970-01-02T00:00:00.000001Z", 0, 86400000001},
    };
    static const char *const wrong[] = {"", "seq:", "never", "-1", "17x", "99999999999999999999999"};
    uint64_t sequence;
    int64_t us;

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        sequence = 0;
        us = 0;
        check_int(bb_cli_since(table[i].text, &sequence, &us), 0, table[i].text);
        check_int(sequence, table[i].sequence, table[i].text);
        check_int(us, table[i].us, table[i].text);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_int(bb_cli_since(wrong[i], &sequence, &us), -EINVAL, wrong[i]);
    assert_int_equal(bb_cli_since("9999-01-01", &sequence, &us), -ERANGE);
}

/* Today is a day whose end is to come, and in the east it is tomorrow already. */
static void
test_as_of_today(void **state)
{
    (void)state;
    const int64_t hour = 3600 * INT64_C(1000000);
    static const struct {
        int hours, moment, day; /* from now on, and what is expected of that moment, and of its day */
    } cases[] = {{0, 0, 0}, {13, 0, 0}, {-24, 0, 0}, {39, -ERANGE, -ERANGE}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[BB_UTC_TEXT];
        uint64_t sequence = 0;
        int64_t us = 0;
        bb_utc_format(bb_clock_utc() + cases[i].hours * hour, text);
        assert_int_equal(bb_cli_as_of(text, &sequence, &us), cases[i].moment);
        text[strlen("2026-09-07")] = '\0';
        assert_int_equal(bb_cli_as_of(text, &sequence, &us), cases[i].day);
    }
}

static const char *const fields[] = {"name", "parent", "alias", NULL};

static char *
write_file(const void *data, size_t len)
{
    static char name[] = "/tmp/test_data.XXXXXX";
    strcpy(name + strlen(name) - 6, "XXXXXX");
    int fd = mkstemp(name);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
    return name;
}

static void
test_list(void **state)
{
    (void)state;
    static const char data[] = "\xEF\xBB\xBF"
                               "alias,name\r\na|b,Hartford\r\n,\"New\nHaven\"\nx\nc,caf\xE9\nn,a\0b\n";
    struct bb_list_file *list;
    struct bb_list_row *row;
    char *name = write_file(data, sizeof data - 1);
    assert_int_equal(bb_list_open(name, fields, 1, NULL, &list), 0);
    assert_int_equal(bb_list_next(list, &row), 0);
    assert_int_equal(row->number, 1);
    assert_string_equal(row->cell[0], "Hartford");
    assert_null(row->cell[1]);
    assert_string_equal(row->cell[2], "a|b");
    free(row);
    assert_int_equal(bb_list_next(list, &row), 0);
    assert_string_equal(row->cell[0], "New\nHaven");
    assert_null(row->cell[2]);
    free(row);
    for (int i = 0; i < 3; i++) /* a column too few, Latin-1, NUL */
        assert_int_equal(bb_list_next(list, &row), BB_LIST_REFUSED);
    assert_int_equal(bb_list_next(list, &row), BB_LIST_END);
    bb_list_close(&list);
    unlink(name);
}

static void
test_list_headers(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        int code;
    } cases[] = {
        {"", EX_DATAERR},           {"\n", EX_DATAERR},
        {"\xFF\xFEn", EX_DATAERR},  {"parent\n", EX_DATAERR},
        {"name,x\n", EX_DATAERR},   {"name,name\n", EX_DATAERR},
        {"name,row\n", EX_DATAERR}, {"name\n", 0},
    };
    struct bb_list_file *list;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *name = write_file(cases[i].data, strlen(cases[i].data));
        list = NULL;
        check_int(bb_list_open(name, fields, 1, NULL, &list), cases[i].code, cases[i].data);
        bb_list_close(&list);
        unlink(name);
    }
    assert_int_equal(bb_list_open("/nonexistent/file", fields, 1, NULL, &list), EX_NOINPUT);
    assert_int_equal(bb_list_open("/tmp", fields, 1, NULL, &list), EX_NOINPUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range),       cmocka_unit_test(test_as_of), cmocka_unit_test(test_since),
        cmocka_unit_test(test_as_of_today), cmocka_unit_test(test_list),  cmocka_unit_test(test_list_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
