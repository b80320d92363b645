/* What a file has said of each key so far: a list of things to register has one row for each, or equal ones.
 */
#ifndef BB_CLI_ONCE_H
#define BB_CLI_ONCE_H

#include <stddef.h>
#include <stdint.h>

struct bb_once {
    void *tree; /* of tsearch() */
};

enum bb_once_result {
    BB_ONCE_FIRST = 0,
    BB_ONCE_AGAIN = 1, /* with the same texts */
    BB_ONCE_OTHER = 2, /* with others */
};

/* texts[0] is the key; NULL is as good as empty. ret_row: of the first time.
 * enum bb_once_result | -ENOMEM */
int bb_once_add(struct bb_once *once, const char *const *texts, size_t n, uint64_t row, uint64_t *ret_row);
/* The same with the words for who has two different rows. 0 | BB_ONCE_OTHER, and a reason | -ENOMEM */
int bb_once_check(struct bb_once *once, const char *const *texts, size_t n, uint64_t row, char *reason,
                  size_t size);
void bb_once_release(struct bb_once *once);

#endif
