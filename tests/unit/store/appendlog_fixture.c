#include "appendlog_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define SMALL 4096 /* a segment of the tests that need many */

int
try_open(struct fixture *f)
{
    struct bb_appendlog_config config = {.dir = f->dir, .segment_bytes = f->segment_bytes};

    f->error[0] = 0;
    return bb_appendlog_open(&config, &f->log, f->error, sizeof f->error);
}

void
open_log(struct fixture *f)
{
    if (try_open(f) != 0)
        fail_msg("%s", f->error);
}

void
reopen(struct fixture *f)
{
    bb_appendlog_close(&f->log);
    open_log(f);
}

int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    signal(SIGXFSZ, SIG_IGN);
    folder_make_in_memory(f->folder);
    snprintf(f->dir, sizeof f->dir, "%s/log", f->folder);
    open_log(f);
    *state = f;
    return 0;
}

int
setup_small(void **state)
{
    struct fixture *f;

    setup(state);
    f = *state;
    bb_appendlog_close(&f->log);
    folder_remove(f->dir);
    f->segment_bytes = SMALL;
    open_log(f);
    return 0;
}

int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_appendlog_close(&f->log);
    folder_remove(f->folder);
    free(f);
    return 0;
}

size_t
payload(uint64_t sequence, uint8_t *to, size_t size)
{
    uint64_t random = sequence * 7919 + 1;
    size_t len = (size_t)(draw(&random) % size);

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)draw(&random);
    return len;
}

void
add(struct fixture *f, uint64_t sequence, size_t size)
{
    static uint8_t bytes[1 << 20];
    size_t len = payload(sequence, bytes, size);
    uint8_t *to = bb_appendlog_add(f->log, len);

    assert_non_null(to);
    memcpy(to, bytes, len);
}

int
append(struct fixture *f, unsigned n)
{
    uint64_t last = bb_appendlog_last(f->log);

    for (unsigned i = 1; i <= n; i++)
        add(f, last + i, PAYLOAD);
    return bb_appendlog_commit(f->log);
}

void
check_record(struct bb_appendlog_reader *reader, uint64_t sequence, size_t size)
{
    static uint8_t bytes[1 << 20];
    size_t len = payload(sequence, bytes, size);
    struct bb_bytes found;

    assert_int_equal(bb_appendlog_read(reader, sequence, &found), 0);
    assert_int_equal(found.len, len);
    assert_memory_equal(found.data, bytes, len);
}

void
check_all(struct fixture *f, uint64_t n)
{
    struct bb_appendlog_reader reader = bb_appendlog_reader(f->log);
    uint64_t random = 42;
    struct bb_bytes found;

    assert_int_equal(bb_appendlog_last(f->log), n);
    for (uint64_t sequence = 1; sequence <= n; sequence++)
        check_record(&reader, sequence, PAYLOAD);
    for (uint64_t sequence = n; sequence >= 1; sequence--)
        check_record(&reader, sequence, PAYLOAD);
    for (unsigned i = 0; n > 0 && i < 50; i++)
        check_record(&reader, 1 + draw(&random) % n, PAYLOAD);
    assert_int_equal(bb_appendlog_read(&reader, 0, &found), BB_APPENDLOG_E_NOT_FOUND);
    assert_int_equal(bb_appendlog_read(&reader, n + 1, &found), BB_APPENDLOG_E_NOT_FOUND);
}

unsigned
count_segments(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    unsigned n = 0;

    for (struct dirent *entry; (entry = readdir(dir));)
        n += strstr(entry->d_name, ".log") != NULL;
    closedir(dir);
    return n;
}

char *
file_name(const struct fixture *f, uint64_t first)
{
    static char path[FOLDER_BYTES + 64];

    snprintf(path, sizeof path, "%s/%020llu.log", f->dir, (unsigned long long)first);
    return path;
}

uint8_t *
load(const char *path, size_t *ret_len)
{
    struct stat file;
    int fd = open(path, O_RDONLY);
    uint8_t *bytes;

    assert_true(fd >= 0 && fstat(fd, &file) == 0);
    bytes = malloc((size_t)file.st_size);
    assert_int_equal(read(fd, bytes, (size_t)file.st_size), file.st_size);
    close(fd);
    *ret_len = (size_t)file.st_size;
    return bytes;
}

void
store(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}
