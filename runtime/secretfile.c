/* A strict reader of our own rather than libconfuse: Z85 uses $ { } # and libconfuse would expand them, and
 * the secret would stay in its buffers. */
#include "secretfile.h"

#include "file.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
    size_t len;
    char data[BB_SECRETFILE_BYTES + 1];
};

static int
fail(int r, const char *file, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", file, strerror(-r));
    return r;
}

/* It gets its name when all of it is on disk, so that no interruption leaves half a file. */
static int
make_nameless(const char *file, struct bb_bytes text)
{
    char folder[PATH_MAX], path[32];
    const char *slash = strrchr(file, '/');
    int fd, r;

    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - file) + 1 : 1, slash ? file : ".") >=
        (int)sizeof folder)
        return -ENAMETOOLONG;
    fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0)
        return -EOPNOTSUPP;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    r = bb_file_write(fd, text.data, text.len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && linkat(AT_FDCWD, path, AT_FDCWD, file, AT_SYMLINK_FOLLOW) != 0)
        r = errno == EEXIST ? -EEXIST : -EOPNOTSUPP;
    close(fd);
    return r;
}

/* For file systems that have no files without a name. */
static int
make_named(const char *file, struct bb_bytes text)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r;

    if (fd < 0)
        return -errno;
    r = bb_file_write(fd, text.data, text.len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r < 0)
        unlink(file);
    return r;
}

int
bb_secretfile_new(const char *file, struct bb_bytes text, char *error, size_t size)
{
    int r = make_nameless(file, text);

    if (r == -EOPNOTSUPP)
        r = make_named(file, text);
    if (r == 0) {
        r = bb_file_sync_name(file);
        if (r < 0)
            unlink(file);
    }
    return r == 0 ? 0 : fail(r, file, error, size);
}

static int
read_text(int fd, struct text *ret_text)
{
    ssize_t n = bb_file_read(fd, ret_text->data, sizeof ret_text->data);

    if (n < 0)
        return (int)n;
    if ((size_t)n == sizeof ret_text->data)
        return -EFBIG;
    ret_text->len = (size_t)n;
    ret_text->data[n] = '\0';
    return strlen(ret_text->data) == ret_text->len ? 0 : -EINVAL;
}

/* `name = "..."` with blanks allowed around its parts; NULL when the line is something else. */
static const char *
quoted_value(const char *line, size_t len, const char *name, size_t *ret_len)
{
    const char *end = line + len;
    size_t name_len = strlen(name);

    if (len < name_len || memcmp(line, name, name_len) != 0)
        return NULL;
    line += name_len;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if (line == end || *line++ != '=')
        return NULL;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    if (end - line < 2 || *line != '"' || end[-1] != '"')
        return NULL;
    *ret_len = (size_t)(end - line) - 2;
    return line + 1;
}

static bool
is_blank(const char *line, size_t len)
{
    size_t start = 0;

    while (start < len && (line[start] == ' ' || line[start] == '\t' || line[start] == '\r'))
        start++;
    return start == len || line[start] == '#';
}

/* 0 | -EINVAL; ret_wrong: what is wrong with its value, NULL where it has none of the names. */
static int
take_line(const char *line, size_t len, struct bb_secret_field *field, size_t n, const char **ret_wrong)
{
    size_t value_len;

    *ret_wrong = NULL;
    if (is_blank(line, len))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const char *value = quoted_value(line, len, field[i].name, &value_len);
        if (!value)
            continue;
        if (*field[i].value)
            *ret_wrong = "given twice";
        else if (value_len >= field[i].size || !field[i].is_valid(bb_bytes(value, value_len)))
            *ret_wrong = field[i].expected;
        else
            memcpy(field[i].value, value, value_len);
        return *ret_wrong ? -EINVAL : 0;
    }
    return -EINVAL;
}

static void
explain_names(const struct bb_secret_field *field, size_t n, const char *file, unsigned line, char *error,
              size_t size)
{
    int at = snprintf(error, size, "%s:%u: expected", file, line);

    for (size_t i = 0; i < n && at >= 0 && (size_t)at < size; i++)
        at += snprintf(error + at, size - (size_t)at, "%s %s = \"...\"", i ? " or" : "", field[i].name);
}

static int
parse(const struct text *text, const char *file, struct bb_secret_field *field, size_t n, char *error,
      size_t size)
{
    const char *at = text->data, *end = text->data + text->len, *wrong;
    unsigned number = 1;

    for (; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);

        if (take_line(at, len, field, n, &wrong) != 0) {
            if (wrong)
                snprintf(error, size, "%s:%u: %s", file, number, wrong);
            else
                explain_names(field, n, file, number, error, size);
            return -EINVAL;
        }
        at += len + 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (*field[i].value)
            continue;
        snprintf(error, size, "%s: the line %s = \"...\" is missing", file, field[i].name);
        return -EINVAL;
    }
    return 0;
}

static int
check_mode(int fd, const char *file, char *error, size_t size)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(-errno, file, error, size);
    if (!S_ISREG(st.st_mode)) {
        snprintf(error, size, "%s: not a regular file", file);
        return -EINVAL;
    }
    if (st.st_mode & 077) {
        snprintf(error, size, "%s: mode %04o lets others at the secret key; chmod 600 it", file,
                 st.st_mode & 07777u);
        return -EACCES;
    }
    return 0;
}

int
bb_secretfile_read(const char *file, struct bb_secret_field *field, size_t n, char *error, size_t size)
{
    struct text *text;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;

    if (fd < 0)
        return fail(-errno, file, error, size);
    text = bb_secret_alloc(sizeof *text);
    for (size_t i = 0; i < n; i++)
        memset(field[i].value, 0, field[i].size);
    r = text ? check_mode(fd, file, error, size) : fail(-ENOMEM, file, error, size);
    if (r == 0) {
        r = read_text(fd, text);
        if (r < 0)
            fail(r, file, error, size);
        else
            r = parse(text, file, field, n, error, size);
    }
    bb_secret_free(text);
    close(fd);
    return r;
}
