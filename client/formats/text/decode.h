/* UTF-8, whatever a file is written in: a feed on top of another one.
 *
 * A byte order mark has the last word, whatever else was said: it is dropped, and UTF-16 is read as such. A
 * file without one is UTF-16 if every second one of its first bytes is NUL, and otherwise taken as UTF-8, as
 * it is: bytes pass untouched, and whoever uses a cell checks it. UTF-16 that is broken is not guessed at: it
 * ends the file with an error that says where. What is not text at all (packed.h) is refused at once.
 *
 * Memory is one block, whatever the file. One thread. */
#ifndef BB_FORMATS_DECODE_H
#define BB_FORMATS_DECODE_H

#include "feed.h"

enum bb_encoding {
    BB_ENCODING_AUTO = 0, /* by its first bytes */
    BB_ENCODING_UTF8 = 1,
    BB_ENCODING_UTF16 = 2, /* little endian where no mark says otherwise */
    BB_ENCODING_WINDOWS_1252 = 3,
};

struct bb_decode;

/* from: its memory is the caller's. 0 | -ENOMEM */
int bb_decode_new(struct bb_feed from, enum bb_encoding encoding, struct bb_decode **ret_decode);
void bb_decode_destroy(struct bb_decode **decode);

/* The feed to read from, valid as long as `decode`. Its read() gives -EILSEQ for what is no text in this
 * encoding, once all before it was given; bb_decode_error() says what. */
struct bb_feed bb_decode_feed(struct bb_decode *decode);

/* Which one it is: known as soon as something was read, until then as bb_decode_new() was told. */
enum bb_encoding bb_decode_encoding(const struct bb_decode *decode);

/* After -EILSEQ: "line 12, byte 1,234: found ..., expected ...", bytes of the file counted from 1. */
const char *bb_decode_error(const struct bb_decode *decode);

/* "utf-8", "utf-16", "windows-1252", as maps have them; NULL for others. */
const char *bb_encoding_name(enum bb_encoding encoding);
/* BB_ENCODING_AUTO: there is none of this name. Letters of either case. */
enum bb_encoding bb_encoding_by_name(const char *name);

#endif
