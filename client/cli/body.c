#include "body.h"

#include "data.h"

#include "proto/limits.h"
#include "proto/utf8.h"
#include "runtime/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Windows ends lines with CR LF and begins files with a mark; neither is part of the text. The new length. */
static size_t
tidy(char *text, size_t len)
{
    size_t from = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, to = 0;

    for (; from < len; from++)
        if (text[from] != '\r' || from + 1 == len || text[from + 1] != '\n')
            text[to++] = text[from];
    text[to] = '\0';
    return to;
}

static int
check_body(const char *name, const char *text, size_t len)
{
    size_t good = bb_utf8_prefix(bb_bytes(text, len));

    if (good < len && text[good] != '\0') {
        bb_cli_error("%s: found byte 0x%02X at %zu, which is not UTF-8; expected text in UTF-8", name,
                     (unsigned char)text[good], good);
        return EX_DATAERR;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xC2 && (unsigned char)text[i + 1] < 0xA0;
        if ((c >= 0x20 && c != 0x7F && !c1) || c == '\n' || c == '\t')
            continue;
        bb_cli_error("%s: found the control character 0x%02X at byte %zu, expected none but tab and line "
                     "feed",
                     name, c1 ? (unsigned char)text[i + 1] : c, i);
        return EX_DATAERR;
    }
    return 0;
}

static int
too_long(const char *name, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);

    if (size > 0)
        bb_cli_error("%s: found %lld bytes, expected at most %u", name, (long long)size,
                     BB_LIMIT_MESSAGE_BYTES);
    else
        bb_cli_error("%s: found more than %u bytes, expected at most so many", name, BB_LIMIT_MESSAGE_BYTES);
    return EX_DATAERR;
}

static int
take_body(int fd, const char *name, char *text, size_t size)
{
    ssize_t n = bb_file_read(fd, text, size);
    size_t len;

    if (n < 0) {
        bb_cli_error("%s: %s", name, strerror((int)-n));
        return n == -EBADF ? EX_NOINPUT : EX_IOERR;
    }
    if ((size_t)n == size)
        return too_long(name, fd);
    len = tidy(text, (size_t)n);
    return len > BB_LIMIT_MESSAGE_BYTES ? too_long(name, fd) : check_body(name, text, len);
}

int
bb_body_read(const char *file, char **ret_text)
{
    size_t size = BB_LIMIT_MESSAGE_BYTES * 2 + 4; /* with all that tidying takes away */
    char *text = malloc(size + 1);
    const char *name;
    int fd = -1, r;

    if (!text)
        return EX_OSERR;
    r = bb_cli_open(file, &fd, &name);
    if (r == 0)
        r = take_body(fd, name, text, size);
    if (fd > STDIN_FILENO)
        close(fd);
    if (r == 0)
        *ret_text = text;
    else
        free(text);
    return r;
}
