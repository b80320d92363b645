/* Messages that a command could not take: a file that holds them, a line of JSON each, until somebody looks
 * after them. */
#ifndef BB_CLI_PARKED_H
#define BB_CLI_PARKED_H

#include <stddef.h>

/* Where those of this context and subscription are, if nobody says otherwise:
 * $XDG_STATE_HOME/backbone/parked/CONTEXT/NAME.jsonl, or below ~/.local/state. 0 | -ENAMETOOLONG | -ENOENT
 * there is no home */
int bb_parked_path(const char *context, const char *name, char *out, size_t size);

/* Append a line, which ends with a line feed, and have it on disk. The file and its folders are made. Behind
 * a line that was cut off by a crash it begins a new one. 0 | -errno */
int bb_parked_append(const char *path, const char *line, size_t len);

#endif
