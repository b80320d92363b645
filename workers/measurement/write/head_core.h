/* Inside of the head: what its files share. Nobody else includes this. */
#ifndef BB_HEAD_CORE_H
#define BB_HEAD_CORE_H

#include "head.h"

/* The open batches, from the view. 0 | -ENOMEM | -EBADMSG */
int bb_head_load_batches(struct bb_head *head);

/* Which indicators were reviewed, from the view. 0 | -ENOMEM | -EBADMSG */
int bb_head_load_reviews(struct bb_head *head);

#endif
