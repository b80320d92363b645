/* partner.put and member.put: what they make of an organization. No file, no clock. */
#ifndef BB_BROKER_PARTNER_PUT_H
#define BB_BROKER_PARTNER_PUT_H

#include "registry.h"

#include "partner.pb-c.h"

/* Of the parts of a change (registry.h): what is wanted may not be so. message: BB_REGISTRY_MESSAGE bytes. */

/* today: "2026-09-07", the date a new one joins. 0 | BB_ERROR_EXISTS, NOT_FOUND, INVALID with a message |
 * -errno */
int bb_partner_put(struct bb_organization *organization, bool is_new, const Bb__PartnerPut *put,
                   const char *today, char *message);
int bb_member_put(struct bb_organization *organization, bool is_new, const Bb__MemberPut *put, char *message);

/* A new organization, with what it needs. 0 | as above */
int bb_partner_start(struct bb_organization *organization, const char *name, uint32_t class,
                     const char *today, char *message);

/* The role that is asked for, or all of the class (0). 0 | BB_ERROR_INVALID: it is of another class */
int bb_member_role(const struct bb_organization *organization, uint32_t asked, uint32_t *ret_role,
                   char *message);

/* Is this a code that a new organization may have? 0 | BB_ERROR_INVALID */
int bb_partner_check_code(const char *code, char *message);

/* The member who joins or is changed, made if it is not there. 0 | BB_ERROR_INVALID: a bad name, or too many
 * | -ENOMEM */
int bb_member_take(struct bb_organization *organization, const char *name, struct bb_member **ret_member,
                   char *message);

/* A message for BB_ERROR_INVALID, which it returns. */
int bb_put_invalid(char *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
