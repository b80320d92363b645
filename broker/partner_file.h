/* The file of one organization: reading it with libconfuse, writing it atomically. registry.h shows the form.
 */
#ifndef BB_BROKER_PARTNER_FILE_H
#define BB_BROKER_PARTNER_FILE_H

#include "registry.h"

#define BB_PARTNER_FILE_SUFFIX ".conf"

struct bb_organization *bb_organization_new(void);
void bb_organization_destroy(struct bb_organization **organization);
/* 0 | -ENOMEM; the number is copied too. */
int bb_organization_copy(const struct bb_organization *from, struct bb_organization **ret_organization);
/* Add an alias; one that is there already, or equals code or name, is left out. 0 | -ENOMEM */
int bb_organization_add_alias(struct bb_organization *organization, const char *alias);
/* Work out the digest. 0 | -ENOMEM */
int bb_organization_seal(struct bb_organization *organization);

/* "staff", "partner", "observer"; NULL for a role that an organization cannot have. */
const char *bb_role_word(uint32_t role);

#define BB_PARTNER_FILE_E_BROKEN 1

/* Read <folder>/<code>.conf. 0 | BB_PARTNER_FILE_E_BROKEN, message (BB_REGISTRY_MESSAGE bytes) names file,
 * line and fault | -errno */
int bb_partner_file_read(const char *folder, const char *code, struct bb_organization **ret_organization,
                         char *message);

/* Write it: a temporary file, fsync, rename, fsync of the folder. 0 | -errno, the old file is as it was. */
int bb_partner_file_write(const char *folder, const struct bb_organization *organization);

#endif
