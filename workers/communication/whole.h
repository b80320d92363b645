/* Are both files of the log there, and do they belong together?
 *
 * A backup that was restored by half is no fault that a checksum shows: without `data.mdb` the messages would
 * begin again with number 1, and without `redo` the last ones would be missing. So both have the id of the
 * store, and the generation at which they are (redo.h). Nothing is changed, and somebody may be writing. */
#ifndef BB_WHOLE_H
#define BB_WHOLE_H

#include <stddef.h>

/* Names of the id, of the generation and of the last message in `meta`. */
#define BB_WHOLE_STORE      "store"
#define BB_WHOLE_GENERATION "generation"
#define BB_WHOLE_HEAD       "head"

/* dir: of the log; that there is none yet is fine. 0 | -EBADMSG what is there is no log, or only half of one
 * | -errno; with a message. */
int bb_whole_check(const char *dir, char *error, size_t size);

#endif
