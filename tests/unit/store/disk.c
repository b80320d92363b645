/* A file on disk is an image and the changes since its last sync, oldest first. The folder is a list of what
 * it looked like after each change since its last sync; the first of them is on disk. */
#include "disk.h"

#include "tests/unit/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define SECTOR  512u
#define FILES   512
#define NAMES   256
#define CHANGES 64

struct change {
    uint64_t at, len; /* bytes, or with none of them: the size is `at` */
    uint8_t *bytes;
};

struct file {
    ino_t inode;
    uint8_t *image;
    uint64_t size;
    struct change *change;
    unsigned n_change;
};

struct listing {
    struct {
        char name[32];
        ino_t inode;
    } entry[NAMES];
    unsigned n;
};

static struct {
    const char *parent, *folder;
    struct disk_faults faults;
    uint64_t random;
    unsigned left; /* calls until the end; 0 no end */
    bool dead, full;
    bool folder_there, folder_synced;
    ino_t parent_inode;
    struct file file[FILES];
    unsigned n_file;
    struct listing listing[CHANGES];
    unsigned n_listing;
} disk;

int __real_mkdir(const char *, mode_t);
int __real_openat(int, const char *, int, mode_t);
int __real_renameat(int, const char *, int, const char *);
ssize_t __real_pwrite(int, const void *, size_t, off_t);
int __real_ftruncate(int, off_t);
int __real_fallocate(int, int, off_t, off_t);
int __real_fsync(int);
int __wrap_mkdir(const char *, mode_t);
int __wrap_openat(int, const char *, int, mode_t);
int __wrap_renameat(int, const char *, int, const char *);
ssize_t __wrap_pwrite(int, const void *, size_t, off_t);
int __wrap_ftruncate(int, off_t);
int __wrap_fallocate(int, int, off_t, off_t);
int __wrap_fsync(int);
int __wrap_fdatasync(int);

static bool
one_in(unsigned n)
{
    return n > 0 && draw(&disk.random) % n == 0;
}

/* What is on disk */

static struct file *
file_of(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    for (unsigned i = 0; i < disk.n_file; i++)
        if (disk.file[i].inode == st.st_ino)
            return &disk.file[i];
    assert_in_range(disk.n_file, 0, FILES - 1);
    disk.file[disk.n_file] = (struct file){.inode = st.st_ino};
    return &disk.file[disk.n_file++];
}

static void
note(struct file *file, uint64_t at, const void *bytes, uint64_t len)
{
    struct change *change;

    file->change = realloc(file->change, (file->n_change + 1) * sizeof *file->change);
    change = &file->change[file->n_change++];
    *change = (struct change){.at = at, .len = len, .bytes = bytes ? malloc(len) : NULL};
    if (bytes)
        memcpy(change->bytes, bytes, len);
}

static uint64_t
size_after(const struct change *change, uint64_t size)
{
    if (!change->bytes)
        return change->at;
    return change->at + change->len > size ? change->at + change->len : size;
}

static void
grow_image(struct file *file, uint64_t *room, uint64_t to)
{
    if (to <= *room)
        return;
    file->image = realloc(file->image, to);
    memset(file->image + *room, 0, to - *room);
    *room = to;
}

/* Some of a change: so many of eight sectors. */
static void
settle_change(struct file *file, uint64_t *room, const struct change *change, unsigned of_eight)
{
    uint64_t end = change->bytes ? change->at + change->len : *room;

    grow_image(file, room, end);
    for (uint64_t at = change->at, next; at < end; at = next) {
        next = (at / SECTOR + 1) * SECTOR;
        next = next < end ? next : end;
        if (draw(&disk.random) % 8 >= of_eight)
            continue;
        if (change->bytes)
            memcpy(file->image + at, change->bytes + (at - change->at), next - at);
        else
            memset(file->image + at, 0, next - at);
    }
}

/* The changes become the image, or some of them do. all_sizes: none of its sizes is lost. */
static void
settle(struct file *file, unsigned of_eight, bool all_sizes)
{
    unsigned sizes =
        of_eight == 8 || all_sizes ? file->n_change : (unsigned)(draw(&disk.random) % (file->n_change + 1));
    uint64_t size = file->size, room = file->size;

    for (unsigned i = 0; i < file->n_change; i++) {
        settle_change(file, &room, &file->change[i], of_eight);
        if (i < sizes)
            size = size_after(&file->change[i], size);
        free(file->change[i].bytes);
    }
    grow_image(file, &room, size);
    file->size = size;
    free(file->change);
    file->change = NULL;
    file->n_change = 0;
}

static void
change_listing(const char *remove_name, const char *name, ino_t inode)
{
    struct listing *next = &disk.listing[disk.n_listing];
    unsigned n = 0;

    assert_in_range(disk.n_listing, 1, CHANGES - 1);
    *next = disk.listing[disk.n_listing++ - 1];
    for (unsigned i = 0; i < next->n; i++)
        if (strcmp(next->entry[i].name, name) != 0 &&
            (!remove_name || strcmp(next->entry[i].name, remove_name)))
            next->entry[n++] = next->entry[i];
    assert_in_range(n, 0, NAMES - 1);
    snprintf(next->entry[n].name, sizeof next->entry[n].name, "%s", name);
    next->entry[n].inode = inode;
    next->n = n + 1;
}

static void
forget_files(void)
{
    for (unsigned i = 0; i < disk.n_file; i++) {
        settle(&disk.file[i], 0, false);
        free(disk.file[i].image);
    }
    disk.n_file = 0;
}

/* The calls */

/* Does the process end in the middle of this one? */
static bool
ends(void)
{
    if (!disk.folder || disk.dead || disk.left == 0)
        return false;
    disk.dead = --disk.left == 0;
    return disk.dead;
}

static int
gone(void)
{
    errno = EIO;
    return -1;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    int r;

    if (ends() || disk.dead)
        return gone();
    r = __real_mkdir(path, mode);
    if (r == 0 && disk.folder && strcmp(path, disk.folder) == 0)
        disk.folder_there = true;
    return r;
}

int
__wrap_openat(int folder, const char *path, int flags, mode_t mode)
{
    struct stat st;
    bool there;
    int fd;

    if (ends() || disk.dead)
        return gone();
    there = fstatat(folder, path, &st, 0) == 0;
    fd = __real_openat(folder, path, flags, mode);
    if (fd < 0 || !disk.folder)
        return fd;
    if (!there)
        change_listing(NULL, path, file_of(fd)->inode);
    else if (flags & O_TRUNC)
        note(file_of(fd), 0, NULL, 0);
    return fd;
}

int
__wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    struct stat st;

    if (ends() || disk.dead)
        return gone();
    if (__real_renameat(from_folder, from, to_folder, to) < 0)
        return -1;
    if (disk.folder && fstatat(to_folder, to, &st, 0) == 0)
        change_listing(from, to, st.st_ino);
    return 0;
}

ssize_t
__wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    bool last = ends();
    ssize_t n;

    if (disk.dead && !last)
        return gone();
    if (disk.full || one_in(disk.faults.full)) { /* what there is room for, and then nothing */
        disk.full = !disk.full;
        if (!disk.full) {
            errno = ENOSPC;
            return -1;
        }
    }
    if (last || disk.full)
        len = 1 + draw(&disk.random) % len;
    n = __real_pwrite(fd, bytes, len, at);
    if (n > 0 && disk.folder)
        note(file_of(fd), (uint64_t)at, bytes, (uint64_t)n);
    return last ? gone() : n;
}

int
__wrap_ftruncate(int fd, off_t size)
{
    if (ends() || disk.dead)
        return gone();
    if (__real_ftruncate(fd, size) < 0)
        return -1;
    if (disk.folder)
        note(file_of(fd), (uint64_t)size, NULL, 0);
    return 0;
}

int
__wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
    if (ends() || disk.dead)
        return gone();
    if (one_in(disk.faults.full)) {
        errno = ENOSPC;
        return -1;
    }
    if (__real_fallocate(fd, mode, at, len) < 0)
        return -1;
    if (disk.folder)
        note(file_of(fd), (uint64_t)(at + len), NULL, 0);
    return 0;
}

static int
sync_folder(ino_t inode)
{
    enum disk_lie lie = disk.faults.lie;

    if (inode == disk.parent_inode) {
        disk.folder_synced = disk.folder_there && lie != DISK_LIES_PARENT;
    } else if (lie != DISK_LIES_FOLDER) {
        disk.listing[0] = disk.listing[disk.n_listing - 1];
        disk.n_listing = 1;
    }
    return 0;
}

static int
sync_file(int fd)
{
    if (one_in(disk.faults.eio)) {
        settle(file_of(fd), 4, true);
        return gone();
    }
    if (disk.faults.lie != DISK_LIES_FILE)
        settle(file_of(fd), 8, true);
    return 0;
}

int
__wrap_fsync(int fd)
{
    struct stat st;

    if (ends() || disk.dead)
        return gone();
    if (!disk.folder)
        return __real_fsync(fd);
    assert_int_equal(fstat(fd, &st), 0);
    return S_ISDIR(st.st_mode) ? sync_folder(st.st_ino) : sync_file(fd);
}

int
__wrap_fdatasync(int fd)
{
    return __wrap_fsync(fd);
}

/* The test's side */

void
disk_attach(const char *parent, const char *folder, uint64_t seed, struct disk_faults faults)
{
    struct stat st;

    memset(&disk, 0, sizeof disk);
    assert_int_equal(stat(parent, &st), 0);
    disk.parent = parent;
    disk.folder = folder;
    disk.parent_inode = st.st_ino;
    disk.random = seed;
    disk.faults = faults;
    disk.n_listing = 1;
}

void
disk_detach(void)
{
    forget_files();
    memset(&disk, 0, sizeof disk);
}

void
disk_die_after(unsigned calls)
{
    disk.left = calls;
}

bool
disk_dead(void)
{
    return disk.dead;
}

static void
empty_folder(void)
{
    DIR *dir = opendir(disk.folder);

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    closedir(dir);
}

/* A file as it is on disk, made anew in the folder. */
static void
write_file(const char *name, const struct file *from, struct file *to)
{
    char path[256];
    struct stat st;
    int fd;

    snprintf(path, sizeof path, "%s/%s", disk.folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    if (from->size > 0)
        assert_int_equal(__real_pwrite(fd, from->image, from->size, 0), from->size);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    *to = (struct file){.inode = st.st_ino, .image = malloc(from->size + 1), .size = from->size};
    if (from->size > 0)
        memcpy(to->image, from->image, from->size);
}

static void
lose(void)
{
    static const unsigned of_eight[] = {0, 1, 4, 7, 8};
    static struct file kept[NAMES];
    struct listing listing = disk.listing[draw(&disk.random) % disk.n_listing];
    unsigned part = of_eight[draw(&disk.random) % COUNT(of_eight)];

    empty_folder();
    if (!disk.folder_synced && one_in(2)) {
        assert_int_equal(rmdir(disk.folder), 0);
        disk.folder_there = false;
        listing.n = 0;
    }
    for (unsigned i = 0; i < disk.n_file; i++)
        settle(&disk.file[i], part, false);
    for (unsigned i = 0; i < listing.n; i++)
        for (unsigned j = 0; j < disk.n_file; j++)
            if (disk.file[j].inode == listing.entry[i].inode) {
                write_file(listing.entry[i].name, &disk.file[j], &kept[i]);
                listing.entry[i].inode = kept[i].inode;
                break;
            }
    forget_files();
    memcpy(disk.file, kept, listing.n * sizeof kept[0]);
    disk.n_file = listing.n;
    disk.listing[0] = listing;
    disk.n_listing = 1;
    disk.folder_synced = disk.folder_there; /* what is there after a cut stays there */
}

void
disk_restart(bool power_cut)
{
    disk.dead = disk.full = false;
    disk.left = 0;
    if (power_cut && disk.folder_there)
        lose();
}
