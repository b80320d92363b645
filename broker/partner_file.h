/* The file of one organization: reading it with libconfuse, writing it atomically.
 *
 * <folder>/<code>.conf is text that an operator may edit:
 *
 *     name = 'Hartford School District'
 *     role = 'partner'                      # staff, partner, observer
 *     aliases = {'Hartford', 'HSD'}
 *     indicators = {}                       # it takes part in these alone; empty: in all
 *     enabled = true
 *     share-own-line = false
 *     joined = '2026-09-07'
 *     left = ''
 *     member main {
 *         role = 'reporter'                 # within the class of the organization
 *         person = 'Anna Weber'
 *         key = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
 *         old-key = ''                      # let in too, until
 *         old-key-until = ''
 *     }
 *     invitation 3f9a0c11d2e84b57 {
 *         member = 'main'
 *         role = 'reporter'
 *         hash = '...'                      # of its secret, 64 hexadecimal digits
 *         expires = '2026-11-29T18:00:00.000000Z'
 *         approve = false
 *         by = 'office/main'
 *         state = 'open'                    # open, pending, used
 *         key = ''                          # who has used it
 *     }
 *     revoked = {}                          # keys that never come back
 *
 * On the day `left`, in UTC, and from then on its members are not let in, as if it were not enabled. Single
 * quotes keep libconfuse from reading ${...} in names and keys. */
#ifndef BB_BROKER_PARTNER_FILE_H
#define BB_BROKER_PARTNER_FILE_H

#include "organization.h"

#define BB_PARTNER_FILE_SUFFIX  ".conf"
#define BB_PARTNER_FILE_MAX     (256u << 10)
#define BB_PARTNER_FILE_MESSAGE 512

#define BB_PARTNER_FILE_E_BROKEN 1

/* Read <folder>/<code>.conf. 0 | BB_PARTNER_FILE_E_BROKEN, message (BB_PARTNER_FILE_MESSAGE bytes) names
 * file, line and fault | -errno */
int bb_partner_file_read(const char *folder, const char *code, struct bb_organization **ret_organization,
                         char *message);

struct bb_buffer;

/* What its file says. */
void bb_partner_file_render(const struct bb_organization *organization, struct bb_buffer *out);

/* Write it: a temporary file, fsync, rename, fsync of the folder. 0 | -errno, the old file is as it was. */
int bb_partner_file_write(const char *folder, const struct bb_organization *organization);

#endif
