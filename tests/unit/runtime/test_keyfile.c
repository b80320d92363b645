/* Key files: modes, what is refused and how it is said, and that no message holds a secret. */
#include "runtime/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The pair of ZeroMQ RFC 26's examples (libzmq's own tests use it). */
#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static char folder[] = "/tmp/test_keyfile.XXXXXX";
static char path[64];
static char error[300];

static int
make_folder(void **unused)
{
    (void)unused;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int
remove_folder(void **unused)
{
    (void)unused;
    return rmdir(folder);
}

static void
write_file(const char *text, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int
read_text(const char *text, struct bb_keypair *keys)
{
    int r;

    error[0] = 0;
    write_file(text, strlen(text), 0600);
    r = bb_keyfile_read(path, keys, error, sizeof error);
    unlink(path);
    return r;
}

static void
test_new_reads_back(void **unused)
{
    (void)unused;
    struct bb_keypair a, b, c;
    struct stat st;
    mode_t mask = umask(0);

    assert_int_equal(bb_keyfile_new(path, &a, error, sizeof error), 0);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(bb_keyfile_read(path, &b, error, sizeof error), 0);
    assert_string_equal(a.public_key, b.public_key);
    assert_string_equal(a.secret_key, b.secret_key);

    assert_int_equal(bb_keyfile_new(path, &c, error, sizeof error), -EEXIST);
    assert_non_null(strstr(error, path));
    assert_int_equal(bb_keyfile_read(path, &c, error, sizeof error), 0);
    assert_string_equal(a.secret_key, c.secret_key);
    unlink(path);

    bb_keypair_wipe(&a);
    for (size_t i = 0; i < sizeof a; i++)
        assert_int_equal(((char *)&a)[i], 0);
    assert_int_equal(bb_keyfile_new("/nonexistent/key", &a, error, sizeof error), -ENOENT);
}

static void
test_modes(void **unused)
{
    (void)unused;
    const char *text = "public = \"" PUBLIC "\"\nsecret = \"" SECRET "\"\n";

    for (mode_t others = 0; others <= 077; others++) {
        struct bb_keypair keys;

        write_file(text, strlen(text), (others % 2 ? 0400 : 0600) | others);
        assert_int_equal(bb_keyfile_read(path, &keys, error, sizeof error), others ? -EACCES : 0);
        if (others)
            assert_non_null(strstr(error, "chmod 600"));
        unlink(path);
    }
    assert_int_equal(bb_keyfile_read("/tmp", &(struct bb_keypair){0}, error, sizeof error), -EINVAL);
    assert_int_equal(bb_keyfile_read("/nonexistent", &(struct bb_keypair){0}, error, sizeof error), -ENOENT);
}

static void
test_accepted(void **unused)
{
    (void)unused;
    static const char *const good[] = {
        "public = \"" PUBLIC "\"\nsecret = \"" SECRET "\"\n",
        "secret=\"" SECRET "\"\npublic=\"" PUBLIC "\"",
        "# comment\r\n\r\n  # more\r\npublic\t=  \"" PUBLIC "\" \r\nsecret = \"" SECRET "\"\r\n",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct bb_keypair keys;

        assert_int_equal(read_text(good[i], &keys), 0);
        assert_string_equal(keys.public_key, PUBLIC);
        assert_string_equal(keys.secret_key, SECRET);
    }
}

static void
test_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"", "public = \"...\" is missing"},
        {"public = \"" PUBLIC "\"\n", "secret = \"...\" is missing"},
        {"secret = \"" SECRET "\"\n", "public = \"...\" is missing"},
        {"public = \"" PUBLIC "\"\nsecret = \"" PUBLIC "\"\n", "does not belong"},
        {"public = \"" PUBLIC "\"\npublic = \"" PUBLIC "\"\n", ":2: given twice"},
        {"\npublic = \"short\"\n", ":2: not a key"},
        {"public = \"" PUBLIC "x\"\n", ":1: not a key"},
        {"secret = \"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh~\"\n", ":1: not a key"},
        {"secret = \"#####################################~~~\"\n", ":1: not a key"},
        {"public = " PUBLIC "\n", ":1: expected"},
        {"public = \"" PUBLIC "\n", ":1: expected"},
        {"public \"" PUBLIC "\"\n", ":1: expected"},
        {"public = \"\n", ":1: expected"},
        {"public\n", ":1: expected"},
        {"secrets = \"" SECRET "\"\n", ":1: expected"},
        {"private = \"" SECRET "\"\n", ":1: expected"},
        {" public = \"" PUBLIC "\"\n", ":1: expected"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bb_keypair keys = {.public_key = "untouched"};

        assert_int_equal(read_text(bad[i].text, &keys), -EINVAL);
        print_message("%s\n", error);
        assert_non_null(strstr(error, bad[i].says));
        assert_null(strstr(error, SECRET));
        assert_string_equal(keys.public_key, "untouched");
    }
}

static void
test_odd_files(void **unused)
{
    (void)unused;
    struct bb_keypair keys;
    char large[2000];

    memset(large, '#', sizeof large);
    write_file(large, sizeof large, 0600);
    assert_int_equal(bb_keyfile_read(path, &keys, error, sizeof error), -EFBIG);
    unlink(path);
    write_file("public = \0\"\"", 12, 0600);
    assert_int_equal(bb_keyfile_read(path, &keys, error, sizeof error), -EINVAL);
    unlink(path);
}

static void
test_key_text(void **unused)
{
    (void)unused;
    char text[41];

    assert_true(bb_key_is_valid(bb_bytes_str(PUBLIC)));
    assert_false(bb_key_is_valid(bb_bytes(NULL, 0)));
    for (unsigned c = 0; c < 256; c++) {
        memset(text, '0', 40);
        text[40] = 0;
        text[17] = (char)c;
        const char *alphabet =
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
        assert_int_equal(bb_key_is_valid(bb_bytes(text, 40)), c != 0 && strchr(alphabet, (int)c) != NULL);
    }
    memset(text, '#', 40); /* 84 in every place is more than 32 bits */
    assert_false(bb_key_is_valid(bb_bytes(text, 40)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_reads_back), cmocka_unit_test(test_modes),
        cmocka_unit_test(test_accepted),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd_files),      cmocka_unit_test(test_key_text),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
