/* A registry in a temporary folder. */
#ifndef BB_TEST_REGISTRY_FIXTURE_H
#define BB_TEST_REGISTRY_FIXTURE_H

#include "broker/partner_put.h"
#include "broker/registry.h"

#include "tests/unit/folder.h"

/* Keys that two organizations may have. */
#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

/* What loading it has reported. */
struct registry_reports {
    unsigned count;
    char last[2048];
};

extern char registry_folder[FOLDER_BYTES];

/* It is there, and empty; and is gone. */
int registry_setup(void **state);
int registry_teardown(void **state);

/* The file of this organization. */
void registry_write(const char *code, const char *content);

/* To be destroyed. previous: what is served meanwhile; NULL: nothing is. */
struct bb_registry *registry_load(struct registry_reports *reports, const struct bb_registry *previous);
/* By code, name or alias. */
const struct bb_organization *registry_find(const struct bb_registry *registry, const char *text);

/* Whose key it is; NULL: nobody's. */
const struct bb_organization *registry_find_key(const struct bb_registry *registry, const char *key);
/* The key of the member "main"; "": none. */
const char *registry_key(const struct bb_organization *organization);
/* partner.put */
int registry_put(struct bb_registry *registry, const Bb__PartnerPut *put, const char *today,
                 const struct bb_organization **ret_organization, bool *ret_changed, char *message);

#endif
