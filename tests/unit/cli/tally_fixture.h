/* A text as a file that is imported, without a service: rows into a chunk, answers to what the test says. */
#ifndef TALLY_FIXTURE_H
#define TALLY_FIXTURE_H

#include "client/cli/tally.h"

#include "tests/unit/check.h"

/* A table without a header, and with a comment that may be left out. */
#define HEADERLESS                                                                                           \
    "{\"dialect\": {\"header\": false}, \"fields\": [{\"name\": \"indicator\"}, {\"name\": \"period\"}, "    \
    "{\"name\": \"value\"}, {\"name\": \"comment\", \"optional\": true}]}"

extern char tally_said[8192]; /* the messages, a line each */
void tally_say(const char *line);

struct tally_file {
    struct bb_map map;
    struct bb_spool *spool;
    struct bb_source *source;
    struct bb_chunk chunk;
    int fd;
};

/* map: its text, or NULL. keep: the text of rows. */
void tally_open(struct tally_file *f, const char *data, size_t len, enum bb_format format, const char *map,
                bool keep);
void tally_close(struct tally_file *f);

/* The next row, into the chunk: as bb_source_next(). */
int tally_read(struct tally_file *f);

/* Of a file, with NUL behind it; to be freed. */
char *tally_contents(const char *name, size_t *ret_len);

/* Import a text; the rows whose indicator begins with 'x' are refused by the "service", those with 'w' warned
 * of. Returns what stands in the file of refused rows; to be freed. */
char *tally_import(const char *data, size_t len, enum bb_format format, const char *map,
                   struct bb_tally *tally);

#endif
