/* Asking again: what was answered before is given again where nothing that it was made from has changed.
 *
 * Everything that depends on the caller is done as ever: its rights, what the request names, and the record
 * of what it is given. Only the parts are not made again. Of earlier moments nothing is kept, nor for
 * workers. */
#ifndef BB_QUERY_REPEAT_H
#define BB_QUERY_REPEAT_H

#include "answers.h"
#include "core.h"

/* The query has begun: is there an answer that holds? 0 | -ENOMEM */
int bb_query_repeat_begin(struct bb_query *query);

/* The next part of it, at step->out. False: there is no answer, the part is to be made. */
bool bb_query_repeat_part(struct bb_query *query, struct bb_query_step *step);

/* That was made, and is at step->out. */
void bb_query_repeat_keep(struct bb_query *query, struct bb_query_step *step);

/* As if it had not begun. */
void bb_query_repeat_end(struct bb_query *query);

#endif
