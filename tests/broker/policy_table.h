/* Who may call what, and what each kind of frame comes to, written down by hand and not made from
 * proto/methods.h: a slip in the table there that grants a right, or takes one, must not pass unseen. A
 * method or a kind that is added there fails the tests until it is here. */
#ifndef BB_TESTS_BROKER_POLICY_TABLE_H
#define BB_TESTS_BROKER_POLICY_TABLE_H

#include <stdint.h>

/* The columns of a row, in this order. */
enum policy_column {
    POLICY_OPERATOR,
    POLICY_MANAGER,
    POLICY_DATA_MANAGER,
    POLICY_FACILITATOR,
    POLICY_REPORTER,
    POLICY_READER,
    POLICY_OBSERVER,
    POLICY_SERVICE,
    POLICY_COLUMNS,
};

#define POLICY_METHODS 128u

/* 'x' it may, '-' it may not, '?' there is no such method. */
char policy_expected(uint32_t method, enum policy_column column);

/* "broker", "measurement", "communication"; NULL: there is no such method. */
const char *policy_service(uint32_t method);

/* The role of a column, a number of enum Bb__Role; and the column of a role, or -1: it may do nothing. */
uint32_t policy_role(enum policy_column column);
int policy_column_of(uint32_t role);

/* What a frame of each kind comes to, when it stands alone and is whole. */
enum policy_door {
    POLICY_CLIENT,  /* from a client that said HELLO */
    POLICY_UNHEARD, /* from one that did not */
    POLICY_WORKER,  /* from the worker of measurement, which said READY */
    POLICY_DOORS,
};

/* 'w' WELCOME | 's' ERROR STATE | 'e' ERROR that ends the request, whose method is none | 'p' PONG | '.'
 * taken, without an answer | 'u' SESSION_UP to the worker, or NOT_ALLOWED to who may not call message.list |
 * 'c' CALL_REPLY | 'i' counted and ignored | 'x' the connection ends | ' ' is not tried: it opens the door */
char policy_frame(enum policy_door door, unsigned kind);

#endif
