/* What the files of the broker's own service share: service.c (jobs, answers, running), and one file a
 * subject for its methods. Not for anybody else. */
#ifndef BB_BROKER_SERVICE_H
#define BB_BROKER_SERVICE_H

#include "shell.h"

#include "partner.pb-c.h"

/* The job ends with an error. */
void bb_service_fail(struct bb_broker *broker, const struct bb_job *job, uint32_t code, const char *message);
/* Packs and sends one part; the memory is the arena's. */
void bb_service_answer(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message,
                       bool final);

/* A change of the registry, with its record; the job fails if it cannot be made. object: whom it is about;
 * facts: what apply() writes counts too. True: made, or nothing was to be done. */
struct bb_service_change {
    const char *code;
    const char *object;
    int (*apply)(void *self, struct bb_organization *organization, bool is_new, char *message);
    void *self;
    const struct bb_fact *fact;
    size_t n_facts;
};
bool bb_service_change(struct bb_broker *broker, struct bb_job *job, const struct bb_service_change *change,
                       const struct bb_organization **ret_organization, bool *ret_changed);
/* It has been answered: look who may stay. */
void bb_service_changed(struct bb_broker *broker, const struct bb_organization *organization);

/* Methods. `message` is the body, as its type. */
void bb_service_status(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_partner_put(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_member_put(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_partner_list(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_invite(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_invitations(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_approve(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_revoke(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_audit(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_access(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
void bb_service_rotate(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);

#endif
