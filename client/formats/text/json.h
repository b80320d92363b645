/* JSON as it comes, token by token: RFC 8259 to the letter, in bounded memory, whatever the size of the file.
 *
 * Texts are checked to be UTF-8, and their escapes are decoded; numbers keep the digits they are written
 * with. A text longer than BB_JSON_TEXT_BYTES is counted, not kept. Nesting is bounded, and takes no stack.
 * What is refused is told with its line and column: whatever the grammar does not allow, NUL and half of a
 * surrogate pair in a text, and a file that ends too early. Two members of the same name are for the caller
 * to see: it has the names.
 *
 * For maps and other small texts there is jansson. This is for readings: it allocates nothing per token, and
 * looks at eight bytes at a time where most bytes are, in texts and blanks. One thread. */
#ifndef BB_FORMATS_JSON_H
#define BB_FORMATS_JSON_H

#include "input.h"

#include "runtime/buffer.h"

#define BB_JSON_DEPTH      64u
#define BB_JSON_TEXT_BYTES (64u << 10)

enum bb_json_token_kind {
    BB_JSON_OBJECT = '{',
    BB_JSON_OBJECT_END = '}',
    BB_JSON_LIST = '[',
    BB_JSON_LIST_END = ']',
    BB_JSON_KEY = ':', /* of a member whose value is next */
    BB_JSON_TEXT = '"',
    BB_JSON_NUMBER = '0',
    BB_JSON_BOOLEAN = 'b', /* "true" or "false" */
    BB_JSON_NULL = 'n',
};

struct bb_json_token {
    uint8_t kind;         /* enum bb_json_token_kind */
    bool decoded;         /* the text is a copy: not where it stands in the line */
    struct bb_bytes text; /* valid until the next call; data is NULL when it is too long, len is right then */
    uint64_t line;        /* where it begins, from 1 */
    uint64_t column;      /* in bytes, from 1 */
};

/* Outcomes of bb_json_next() beside 0 and -errno; those of readers. */
enum bb_json_result {
    BB_JSON_END = 1,
    BB_JSON_BAD = 2, /* what is wrong: struct bb_json_error. It stays so. */
};

struct bb_json_error {
    uint64_t line, column;
    bool ended; /* found was the end */
    char found[200];
    char expected[100];
};

/* Sees the bytes as they are read, for whoever keeps the text of a record. */
struct bb_json_tap {
    void (*take)(void *self, struct bb_bytes piece);
    void *self;
};

/* In the caller's memory; what is inside is for the files of the scanner only. */
struct bb_json {
    struct bb_input input;     /* without a block: a line in memory is read */
    const uint8_t *block;      /* what is being read */
    const uint8_t *at, *end;   /* what is unread of it */
    uint64_t before;           /* bytes of the file before the block */
    uint64_t line, line_start; /* the current one, and where in the file it begins */
    uint64_t after_carriage;   /* where the byte behind the last CR stands: an LF there ends no line */
    uint64_t objects;          /* bit n: what is open at depth n+1 is an object, not a list */
    unsigned depth;
    uint8_t wants;     /* enum wants: what may come next */
    const char *root;  /* what the whole is expected to be: "a JSON object" */
    const char *ended; /* "the end of the file" */
    bool tapped;
    struct bb_json_tap tap;
    const uint8_t *unseen;    /* by the tap */
    struct bb_buffer scratch; /* texts that do not stand in the block as they are meant */
    struct bb_json_error error;
};

/* Read values from a feed, one behind the other. root: static. 0 | -ENOMEM */
int bb_json_open(struct bb_json *json, struct bb_feed feed, const char *root);
/* For texts in memory: nothing is read before bb_json_line(). */
void bb_json_init(struct bb_json *json, const char *root);
void bb_json_release(struct bb_json *json);

/* Read this, which is one value, next: borrowed.  */
void bb_json_line(struct bb_json *json, struct bb_bytes text);

/* 0 a token | BB_JSON_END | BB_JSON_BAD | -errno */
int bb_json_next(struct bb_json *json, struct bb_json_token *ret_token);

/* Read on to the end of the value that starts with this token. The same outcomes. */
int bb_json_skip(struct bb_json *json, const struct bb_json_token *token);

/* Bytes of the file, or of the line, read so far. */
uint64_t bb_json_position(const struct bb_json *json);

/* From here on the tap sees the bytes that are read: at the latest when bb_json_tap_flush() is called, which
 * hands it all up to the end of the last token. */
void bb_json_tap_open(struct bb_json *json, struct bb_json_tap tap);
void bb_json_tap_flush(struct bb_json *json);
void bb_json_tap_shut(struct bb_json *json);

/* After BB_JSON_BAD: "line 3, column 7: found ..., expected ...". Always terminated. */
void bb_json_say(const struct bb_json *json, char *out, size_t size);
/* The same for who knows the line: "found ... in column 7, expected ...". */
void bb_json_say_in_line(const struct bb_json *json, char *out, size_t size);

/* What the value that starts with this token is: "an object", "a list", "a text", "a number", "true",
 * "false" or "null". Static. */
const char *bb_json_words(const struct bb_json_token *token);

#endif
