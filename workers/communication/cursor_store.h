/* The cursors in the store. */
#ifndef BB_CURSOR_STORE_H
#define BB_CURSOR_STORE_H

#include "cursor.h"
#include "directory.h"

/* Fill a table that is empty. A cursor that had a session when the service went may have been sent everything
 * there is. 0 | -EBADMSG | <0 */
int bb_cursor_store_load(struct bb_msglog *log, const struct bb_directory *directory,
                         struct bb_cursors *cursors, bb_utc now);

/* In this round; the cursor's `stored` says so. 0 | <0 */
int bb_cursor_store_put(struct bb_msglog *log, const struct bb_directory *directory,
                        struct bb_cursor *cursor);
int bb_cursor_store_delete(struct bb_msglog *log, const struct bb_directory *directory,
                           const struct bb_cursor *cursor);

#endif
