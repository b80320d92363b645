/* What a subscriber keeps: the messages that it was given, a line each, in a file that only grows.
 *
 *     SEQUENCE ID CHANNEL .
 *
 * A line is one write(2) with O_APPEND: sequence and message are stored together or not at all. A torn line,
 * which a machine that stops can leave, lacks the point at its end and is passed over. */
#ifndef FAN_STORE_H
#define FAN_STORE_H

#include "world.h"

#define FAN_ID_TEXT 37

struct fan_line {
    uint64_t sequence;
    char id[FAN_ID_TEXT];
    char channel[FAN_TEXT];
};

struct fan_lines {
    struct fan_line *line;
    size_t n, size;
};

/* All lines of a file; one that is not there is empty. Exits when it cannot be read. */
void fan_lines_read(const char *file, struct fan_lines *ret_lines);
void fan_lines_release(struct fan_lines *lines);

/* Open for writing, a torn line ended. Exits on failure. */
int fan_store_open(const char *file);
/* One line; exits when it cannot be written. */
void fan_store_add(int fd, uint64_t sequence, const char *id, const char *channel);

#endif
