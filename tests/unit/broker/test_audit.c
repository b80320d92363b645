/* The file of the audit log: what is in it is found again, and whatever was done to it is noticed. */
#include "broker/audit.h"

#include "tests/unit/folder.h"
#include "tests/unit/limit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define TEXT_BYTES (1u << 20)

static char folder[FOLDER_BYTES], path[FOLDER_BYTES + 16];
static char error[512];

static int
setup(void **state)
{
    (void)state;
    folder_make_in_memory(folder);
    snprintf(path, sizeof path, "%s/audit.log", folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

/* ---- the file */

struct told {
    unsigned lines;
    char last[BB_AUDIT_LINE_BYTES];
};

static void
on_line(void *self, struct bb_bytes line)
{
    struct told *told = self;

    told->lines++;
    memcpy(told->last, line.data, line.len);
    told->last[line.len] = '\0';
}

static int
open_log(struct bb_audit **audit, struct told *told, uint64_t *cut)
{
    *audit = NULL;
    return bb_audit_open(path, told ? on_line : NULL, told, audit, cut, error, sizeof error);
}

static struct bb_audit *
opened(void)
{
    struct bb_audit *audit;
    uint64_t cut;

    assert_int_equal(open_log(&audit, NULL, &cut), 0);
    assert_int_equal(cut, 0);
    return audit;
}

static int
append(struct bb_audit *audit, const char *object)
{
    const struct bb_audit_entry entry = {.organization = "office",
                                         .member = "main",
                                         .role = "manager",
                                         .action = "partner.put",
                                         .object = object};

    return bb_audit_append(audit, (bb_utc)(bb_audit_head(audit)->sequence + 1) * 1000000, &entry);
}

/* Entries number first to last, of one second each. */
static void
append_many(struct bb_audit *audit, unsigned n)
{
    char object[24];

    for (unsigned i = 0; i < n; i++) {
        snprintf(object, sizeof object, "partner-%u", i);
        assert_int_equal(append(audit, object), 0);
    }
    assert_int_equal(bb_audit_flush(audit), 0);
}

static size_t
read_file(char *to)
{
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(to, 1, TEXT_BYTES - 1, file);
    to[len] = '\0';
    fclose(file);
    return len;
}

static void
write_file(const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

/* ---- */

static void
grows(void **state)
{
    struct told told = {.lines = 0};
    struct bb_audit *audit, *second;
    struct bb_audit_link head;
    struct stat st;
    uint64_t cut;

    (void)state;
    assert_int_equal(bb_audit_examine(path, error, sizeof error), 0);
    audit = opened();
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    append_many(audit, 3);
    assert_int_equal(open_log(&second, NULL, &cut), -EBUSY);
    assert_non_null(strstr(error, "another broker"));
    head = *bb_audit_head(audit);
    bb_audit_close(&audit);
    assert_int_equal(open_log(&audit, &told, &cut), 0);
    assert_int_equal(told.lines, 3);
    assert_non_null(strstr(told.last, "partner-2"));
    assert_memory_equal(bb_audit_head(audit)->hash, head.hash, BB_AUDIT_HASH);
    append_many(audit, 1);
    assert_int_equal(bb_audit_head(audit)->sequence, 4);
    bb_audit_close(&audit);
    assert_int_equal(bb_audit_examine(path, error, sizeof error), 0);
}

static void
is_its_owners(void **state)
{
    static const struct {
        mode_t folder, file;
        const char *why;
    } cases[] = {
        {0700, 0640, "expected mode 0600"},
        {0700, 0602, "expected mode 0600"},
        {0770, 0600, "others may write in its folder"},
        {0707, 0600, "others may write in its folder"},
    };
    struct bb_audit *audit = opened();
    char other[sizeof path + 8];
    uint64_t cut;

    (void)state;
    bb_audit_close(&audit);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(chmod(folder, cases[i].folder), 0);
        assert_int_equal(chmod(path, cases[i].file), 0);
        check_int(open_log(&audit, NULL, &cut), -EACCES, cases[i].why);
        check(strstr(error, cases[i].why), cases[i].why);
        check_int(bb_audit_examine(path, error, sizeof error), -EACCES, cases[i].why);
        assert_int_equal(chmod(folder, 0700), 0);
        assert_int_equal(chmod(path, 0600), 0);
    }
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(open_log(&audit, NULL, &cut), -ELOOP);
    assert_int_equal(bb_audit_examine(path, error, sizeof error), -ELOOP);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(open_log(&audit, NULL, &cut), -EACCES);
    assert_int_equal(bb_audit_examine(path, error, sizeof error), -EACCES);
}

/* Killed in the middle of an append, at every byte: what was there before stays, the rest is cut off. */
static void
torn(void **state)
{
    static char text[TEXT_BYTES];
    struct bb_audit *audit = opened();
    size_t len, whole, end;
    uint64_t cut;

    (void)state;
    append_many(audit, 3);
    bb_audit_close(&audit);
    len = read_file(text);
    whole = (size_t)(strchr(strchr(text, '\n') + 1, '\n') - text) + 1; /* two lines */
    for (end = whole; end < len; end++) {
        write_file(text, end);
        assert_int_equal(bb_audit_examine(path, error, sizeof error), 0);
        assert_int_equal(open_log(&audit, NULL, &cut), 0);
        assert_int_equal(cut, end - whole);
        assert_int_equal(bb_audit_head(audit)->sequence, 2);
        assert_int_equal(append(audit, "next"), 0);
        bb_audit_close(&audit);
        audit = opened();
        assert_int_equal(bb_audit_head(audit)->sequence, 3);
        bb_audit_close(&audit);
    }
}

/* What somebody may do to it, and what is said. */
static void
altered(void **state)
{
    static char text[TEXT_BYTES], other[TEXT_BYTES];
    struct bb_audit *audit = opened();
    char *line[6];
    uint64_t cut;

    (void)state;
    append_many(audit, 5);
    bb_audit_close(&audit);
    read_file(text);
    line[0] = text;
    for (size_t i = 1; i < COUNT(line); i++)
        line[i] = strchr(line[i - 1], '\n') + 1;
    for (unsigned i = 0; i < 5; i++) {
        size_t begin = (size_t)(line[i] - text), next = (size_t)(line[i + 1] - text), all = strlen(text);
        char expected[32];

        /* one digit of its object */
        strcpy(other, text);
        *strstr(other + begin, "partner-") = 'P';
        write_file(other, all);
        assert_int_equal(open_log(&audit, NULL, &cut), -EBADMSG);
        snprintf(expected, sizeof expected, ": line %u: its hash", i + 1);
        check(strstr(error, expected), error);
        assert_int_equal(bb_audit_examine(path, error, sizeof error), -EBADMSG);
        /* it is gone: the last one is missed by who has kept the head alone */
        memcpy(other, text, begin);
        strcpy(other + begin, text + next);
        write_file(other, strlen(other));
        assert_int_equal(open_log(&audit, NULL, &cut), i < 4 ? -EBADMSG : 0);
        snprintf(expected, sizeof expected, ": line %u: it does not", i + 1);
        check(i == 4 || strstr(error, expected), error);
        bb_audit_close(&audit);
        /* it stands there twice */
        memcpy(other, text, next);
        strcpy(other + next, text + begin);
        write_file(other, strlen(other));
        assert_int_equal(open_log(&audit, NULL, &cut), -EBADMSG);
        snprintf(expected, sizeof expected, ": line %u: it does not", i + 2);
        check(strstr(error, expected), error);
    }
    write_file("hello\n", 6);
    assert_int_equal(open_log(&audit, NULL, &cut), -EBADMSG);
    memset(other, 'x', 3 * BB_AUDIT_LINE_BYTES * 4);
    write_file(other, 3 * BB_AUDIT_LINE_BYTES * 4);
    assert_int_equal(open_log(&audit, NULL, &cut), -EBADMSG);
    assert_non_null(strstr(error, "too long"));
}

/* The disk is full in the middle of an entry: it is not there, and the next one that fits follows. */
static void
full(void **state)
{
    struct bb_audit *audit = opened();
    struct stat before, after;
    unsigned refused = 0;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    append_many(audit, 2);
    assert_int_equal(stat(path, &before), 0);
    for (rlim_t room = 0; room < 400; room += 7) {
        int r;

        limit_files((rlim_t)before.st_size + room);
        r = append(audit, "hartford");
        limit_files(RLIM_INFINITY);
        assert_true(r == 0 || r == -ENOSPC);
        assert_int_equal(stat(path, &after), 0);
        if (r == 0)
            break;
        refused++;
        assert_int_equal(after.st_size, before.st_size);
    }
    assert_true(refused > 10);
    assert_int_equal(append(audit, "west-hartford"), 0);
    assert_int_equal(bb_audit_flush(audit), 0);
    bb_audit_close(&audit);
    audit = opened();
    assert_int_equal(bb_audit_head(audit)->sequence, 4);
    bb_audit_close(&audit);
}

/* ---- reading a part */

static uint64_t
first_of(const struct bb_audit *audit, uint64_t at)
{
    uint8_t text[BB_AUDIT_LINE_BYTES];
    size_t len;

    assert_int_equal(bb_audit_read(audit, &at, text, sizeof text, &len), 0);
    return len ? strtoull((const char *)text + strlen("{\"sequence\":"), NULL, 10) : 0;
}

static void
finds(void **state)
{
    const unsigned n = 500; /* more than are between two marks */
    struct bb_audit *audit = opened();
    uint64_t at;

    (void)state;
    assert_int_equal(bb_audit_find(audit, 0, 0, &at), 0);
    assert_int_equal(first_of(audit, at), 0);
    append_many(audit, n);
    for (unsigned again = 0; again < 2; again++) {
        for (uint64_t after = 0; after < n + 2; after++)
            for (uint64_t since = 0; since < n + 2; since += 1 + after % 7) {
                uint64_t expected = after + 1 > since ? after + 1 : since;

                assert_int_equal(bb_audit_find(audit, after, (bb_utc)since * 1000000, &at), 0);
                assert_int_equal(first_of(audit, at), expected <= n ? expected : 0);
            }
        bb_audit_close(&audit);
        audit = opened();
    }
    bb_audit_close(&audit);
}

static void
reads_all(void **state)
{
    const unsigned n = 300;
    struct bb_audit *audit = opened();
    uint8_t text[BB_AUDIT_LINE_BYTES + 100];
    struct bb_audit_link link = {.sequence = 0};
    uint64_t at = 0;
    size_t len;

    (void)state;
    append_many(audit, n);
    while (!bb_audit_at_end(audit, at)) {
        assert_int_equal(bb_audit_read(audit, &at, text, sizeof text, &len), 0);
        assert_true(len > 0);
        for (size_t begin = 0; begin < len;) {
            size_t line = (size_t)((uint8_t *)memchr(text + begin, '\n', len - begin) - text) - begin;

            assert_null(bb_audit_follow(&link, bb_bytes(text + begin, line), &link));
            begin += line + 1;
        }
    }
    assert_int_equal(link.sequence, n);
    bb_audit_close(&audit);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(grows), TEST(is_its_owners), TEST(torn), TEST(altered), TEST(full), TEST(finds), TEST(reads_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
