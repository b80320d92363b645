/* What reading and writing a file takes beside read(2) and write(2): all of it, and on disk. */
#ifndef BB_FILE_H
#define BB_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Read until the file ends or `size` bytes are there. How many | -errno */
ssize_t bb_file_read(int fd, void *to, size_t size);

/* 0 | -errno */
int bb_file_write(int fd, const void *data, size_t len);

/* The same at this offset. -ENOSPC, perhaps in part: no room, be it of the disk, of a quota or of the process
 */
int bb_file_write_at(int fd, const void *data, size_t len, uint64_t at);

/* Have the name of this file on disk, by its folder. 0 | -errno */
int bb_file_sync_name(const char *file);

#endif
