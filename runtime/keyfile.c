/* A strict reader of our own rather than libconfuse: Z85 uses $ { } # and libconfuse would expand them, and
 * the secret would stay in its buffers. Every buffer here that has seen a secret is wiped. */
#include "keyfile.h"

#include "file.h"

#include "proto/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define FILE_BYTES 1024u
#define KEY_BYTES  32u

struct text {
    size_t len;
    char data[FILE_BYTES + 1];
};

/* libzmq decodes more than it encodes, so the way back decides. */
bool
bb_key_is_valid(struct bb_bytes text)
{
    char copy[BB_KEY_TEXT], again[BB_KEY_TEXT];
    uint8_t key[KEY_BYTES];
    bool valid;

    if (text.len != BB_KEY_TEXT_BYTES || memchr(text.data, 0, text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    valid = zmq_z85_decode(key, copy) && zmq_z85_encode(again, key, sizeof key) && strcmp(copy, again) == 0;
    sodium_memzero(copy, sizeof copy);
    sodium_memzero(again, sizeof again);
    sodium_memzero(key, sizeof key);
    return valid;
}

int
bb_keypair_new(struct bb_keypair *ret_keys)
{
    struct bb_keypair keys = {0};

    if (zmq_curve_keypair(keys.public_key, keys.secret_key) != 0)
        return -errno;
    *ret_keys = keys;
    bb_keypair_wipe(&keys);
    return 0;
}

void
bb_keypair_wipe(struct bb_keypair *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

static int
fail(int r, const char *file, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", file, strerror(-r));
    return r;
}

static int
write_keys(int fd, const struct bb_keypair *keys)
{
    struct text text = {0};
    int n, r;

    n = snprintf(
        text.data, sizeof text.data,
        "# A key of backbone: give the public part to the backbone organization, the secret part to nobody.\n"
        "public = \"%s\"\n"
        "secret = \"%s\"\n",
        keys->public_key, keys->secret_key);
    r = n < 0 ? -EIO : bb_file_write(fd, text.data, (size_t)n);
    sodium_memzero(&text, sizeof text);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    return r;
}

int
bb_keyfile_new(const char *file, struct bb_keypair *ret_keys, char *error, size_t size)
{
    struct bb_keypair keys;
    int fd, r;

    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(-errno, file, error, size);
    r = bb_keypair_new(&keys);
    if (r == 0)
        r = write_keys(fd, &keys);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0)
        r = bb_file_sync_name(file);
    if (r == 0)
        *ret_keys = keys;
    else
        unlink(file);
    bb_keypair_wipe(&keys);
    return r < 0 ? fail(r, file, error, size) : 0;
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

/* NULL | what is wrong with the line. */
static const char *
take_line(const char *line, size_t len, struct bb_keypair *keys)
{
    char *to = keys->public_key;
    size_t n;
    const char *value = quoted_value(line, len, "public", &n);

    if (is_blank(line, len))
        return NULL;
    if (!value) {
        to = keys->secret_key;
        value = quoted_value(line, len, "secret", &n);
    }
    if (!value)
        return "expected public = \"...\" or secret = \"...\"";
    if (*to)
        return "given twice";
    if (!bb_key_is_valid(bb_bytes(value, n)))
        return "not a key: expected 40 characters of Z85";
    memcpy(to, value, n);
    return NULL;
}

static int
parse_keys(const struct text *text, const char *file, struct bb_keypair *keys, char *error, size_t size)
{
    const char *at = text->data, *end = text->data + text->len;
    char public_key[BB_KEY_TEXT];
    unsigned number = 1;

    for (; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        const char *wrong = take_line(at, len, keys);

        if (wrong) {
            snprintf(error, size, "%s:%u: %s", file, number, wrong);
            return -EINVAL;
        }
        at += len + 1;
    }
    if (!keys->public_key[0] || !keys->secret_key[0]) {
        snprintf(error, size, "%s: the %s key is missing", file, keys->public_key[0] ? "secret" : "public");
        return -EINVAL;
    }
    if (zmq_curve_public(public_key, keys->secret_key) != 0 || strcmp(public_key, keys->public_key) != 0) {
        snprintf(error, size, "%s: the public key does not belong to the secret key", file);
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
bb_keyfile_read(const char *file, struct bb_keypair *ret_keys, char *error, size_t size)
{
    struct bb_keypair keys = {0};
    struct text text;
    int fd, r;

    fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(-errno, file, error, size);
    r = check_mode(fd, file, error, size);
    if (r == 0) {
        r = read_text(fd, &text);
        if (r < 0)
            fail(r, file, error, size);
        else
            r = parse_keys(&text, file, &keys, error, size);
        sodium_memzero(&text, sizeof text);
    }
    close(fd);
    if (r == 0)
        *ret_keys = keys;
    bb_keypair_wipe(&keys);
    return r;
}
