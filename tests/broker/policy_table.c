#include "policy_table.h"

#include <stddef.h>
#include <string.h>

static const struct {
    uint32_t method;
    const char *service;
    const char
        *columns; /* operator, manager, data manager, facilitator, reporter, reader, observer, service */
} rows[] = {
    {1, "broker", "xxxx----"},         /* status */
    {2, "broker", "xx------"},         /* partner.put */
    {3, "broker", "xxxxxxx-"},         /* partner.list */
    {4, "broker", "xx------"},         /* member.put */
    {5, "broker", "xx------"},         /* partner.invite */
    {6, "broker", "xx------"},         /* invitation.list */
    {7, "broker", "xx------"},         /* partner.approve */
    {8, "broker", "xx------"},         /* partner.revoke */
    {9, "broker", "-xxxxxx-"},         /* key.rotate */
    {10, "broker", "xx------"},        /* audit.list */
    {11, "broker", "xxxxxxx-"},        /* access.explain */
    {32, "measurement", "-xx-x---"},   /* measurement.submit */
    {33, "measurement", "-xx-----"},   /* indicator.define */
    {34, "measurement", "-xxxxxxx"},   /* indicator.list */
    {35, "measurement", "-xx-----"},   /* place.define */
    {36, "measurement", "-xxxxxx-"},   /* place.list */
    {37, "measurement", "-xxxxx--"},   /* readings.list */
    {38, "measurement", "-xxxxx--"},   /* readings.history */
    {39, "measurement", "-xxxxxx-"},   /* trend */
    {40, "measurement", "xxxx----"},   /* measurement.status */
    {41, "measurement", "-------x"},   /* measurement.follow */
    {42, "measurement", "-xx-x---"},   /* indicator.adopt */
    {43, "measurement", "-xxxxxx-"},   /* adoption.list */
    {44, "measurement", "-xx-----"},   /* indicator.retire */
    {45, "measurement", "-xx-x---"},   /* submission.review */
    {46, "measurement", "-xxxxx--"},   /* submission.list */
    {47, "measurement", "-xx-----"},   /* rule.define */
    {48, "measurement", "-xxxxxx-"},   /* rule.list */
    {49, "measurement", "-xxxxx--"},   /* rule.check */
    {50, "measurement", "-xxxxx-x"},   /* reporting */
    {51, "measurement", "-xxxxxx-"},   /* progress */
    {52, "measurement", "-xxxxx--"},   /* batch.list */
    {53, "measurement", "-xxxxx--"},   /* batch.show */
    {54, "measurement", "-xx-x---"},   /* batch.undo */
    {55, "measurement", "xxxxxxx-"},   /* chain.export */
    {56, "measurement", "-xx-x---"},   /* signing.put */
    {57, "measurement", "-xxxxx--"},   /* signing.list */
    {64, "communication", "-xxxx---"}, /* message.publish */
    {65, "communication", "-xxxx---"}, /* message.withdraw */
    {66, "communication", "-xxxxxx-"}, /* message.mark */
    {67, "communication", "-xxxxxx-"}, /* message.list */
    {68, "communication", "-xxxxx--"}, /* message.status */
    {69, "communication", "-xxxxxx-"}, /* subscription.put */
    {70, "communication", "-xxxxxx-"}, /* subscription.remove */
    {71, "communication", "-xxxxxx-"}, /* subscription.list */
    {72, "communication", "-x-x----"}, /* group.put */
    {73, "communication", "-x-x----"}, /* group.member */
    {74, "communication", "-xxxxxx-"}, /* group.list */
    {75, "communication", "xxxx----"}, /* communication.status */
};

/* By column. */
static const uint32_t roles[POLICY_COLUMNS] = {1, 2, 8, 9, 3, 10, 4, 7};

/* Kinds 0 to 63, 16 a line; those above are as the last one. HELLO 1, REQUEST 3, CANCEL 5, SUBSCRIBE 6, ACK
 * 8, PING 12, PONG 13, BUNDLE 14, PULL 15, UNSUBSCRIBE 17; READY 32, WORK_REPLY 34, CREDIT 35, FANOUT 36,
 * HEARTBEAT 40, DRAIN 41, CALL 46, CALL_CANCEL 48. */
static const char *const frames[POLICY_DOORS] = {
    [POLICY_CLIENT] = "swses.us.sssp.p."
                      "s.ssssssssssssss"
                      "ssssssssssssssss"
                      "ssssssssssssssss",
    [POLICY_UNHEARD] = "s ssssssssssp.ps"
                       "ssssssssssssssss"
                       "ssssssssssssssss"
                       "ssssssssssssssss",
    [POLICY_WORKER] = "iiiiiiiiiiiip.pi"
                      "iiiiiiiiiiiiiiii"
                      ".i..xiii..iiiici"
                      ".iiiiiiiiiiiiiii",
};

char
policy_expected(uint32_t method, enum policy_column column)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].method == method)
            return rows[i].columns[column];
    return '?';
}

const char *
policy_service(uint32_t method)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].method == method)
            return rows[i].service;
    return NULL;
}

uint32_t
policy_role(enum policy_column column)
{
    return roles[column];
}

int
policy_column_of(uint32_t role)
{
    for (int column = 0; column < POLICY_COLUMNS; column++)
        if (roles[column] == role)
            return column;
    return -1;
}

char
policy_frame(enum policy_door door, unsigned kind)
{
    return frames[door][kind < 63 ? kind : 63];
}
