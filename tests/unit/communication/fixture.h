/* The communication service in a temporary folder, driven without sockets: requests go straight to the core,
 * and every call is a round of its own. Time stands still until a test moves it. */
#ifndef BB_TEST_COMMUNICATION_FIXTURE_H
#define BB_TEST_COMMUNICATION_FIXTURE_H

#include "tests/unit/check.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "workers/communication/communication_core.h"

#include "communication.pb-c.h"
#include "worker.pb-c.h"

struct fixture {
    char dir[64];
    struct bb_communication_config config;
    struct bb_communication core;
    bb_utc now;
    uint64_t tag;
    uint32_t window; /* of the next calls */
    /* The last answer: */
    uint32_t code; /* 0: a reply */
    char message[512];
    unsigned parts;
    bool final;
    struct bb_buffer body; /* parts, one behind the other: as protobuf, they are one message */
    struct bb_arena arena; /* of what fixture_reply() decoded */
};

/* 2026-09-07, 12:00 UTC: where the clock stands at first. */
#define FIXTURE_TODAY "2026-09-07"

/* The staff `backbone`, partners a, b, c (names "Organization A" ...; b has the alias "Bee"), and the
 * observer o. Groups: g with a and b, h with b. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* As after a crash. */
void fixture_reopen(struct fixture *f);

void fixture_pass(struct fixture *f, int64_t seconds);
#define DAYS(n) ((int64_t)(n)*86400)

/* The directory, whole (or what changed): organizations as "code role name", role of "staff", "partner",
 * "observer"; with a '-' in front of the code it is not enabled. */
void fixture_directory(struct fixture *f, const char *const *organizations, size_t n, bool full);

/* Call a method for an organization ("operator" for one) and its member, and end the round. Returns the code
 * of the error, 0 for a reply. More parts come with fixture_pull(). */
uint32_t fixture_call(struct fixture *f, const char *organization, const char *member, uint32_t method,
                      const ProtobufCMessage *request);
/* Without the end of the round. */
void fixture_stage(struct fixture *f, const char *organization, const char *member, uint32_t method,
                   const ProtobufCMessage *request);
void fixture_pull(struct fixture *f, uint32_t bytes);
/* Begin a round, for whoever takes the steps apart. */
void fixture_begin(struct fixture *f);
/* Rounds, until nothing is left to do; 0 or what flush said. */
int fixture_flush(struct fixture *f);

/* The last answer, decoded: valid until the next. */
#define fixture_reply(f, type, ret)                                                                          \
    fixture_decode((f), &type##__descriptor, (ProtobufCMessage **)(void *)(ret))
void fixture_decode(struct fixture *f, const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret);

/* An id made of this number. */
ProtobufCBinaryData fixture_id(uint32_t number);

/* Publish a post (an announcement where staff writes) with this id to one channel; fails the test unless it
 * is kept. Returns its sequence. */
uint64_t fixture_post(struct fixture *f, const char *organization, uint32_t id, const char *channel,
                      const char *subject);
/* The same with what the request says; a request as fixture_publish_init() made it. */
void fixture_publish_init(Bb__Publish *publish, uint32_t id, char **channels, size_t n, const char *subject);
uint32_t fixture_publish(struct fixture *f, const char *organization, const Bb__Publish *publish);
/* message.withdraw. Returns the code. */
uint32_t fixture_withdraw(struct fixture *f, const char *organization, uint32_t id, uint32_t message);
/* Publish a post "Newer" to a channel in the place of another message; fails the test unless it is kept. */
void fixture_supersede(struct fixture *f, const char *organization, uint32_t id, uint32_t message,
                       const char *channel);

/* message.list: what comes, or its subjects joined by ",". Fails the test on an error. */
const Bb__MessageListReply *fixture_messages(struct fixture *f, const char *organization,
                                             const Bb__MessageQuery *query);
const char *fixture_list(struct fixture *f, const char *organization, const Bb__MessageQuery *query);
/* message.mark. Returns the code. */
uint32_t fixture_mark(struct fixture *f, const char *organization, uint32_t id, Bb__ReceiptState state);
/* group.member. Returns the code. */
uint32_t fixture_member(struct fixture *f, const char *group, const char *organization, bool joins);

#endif
