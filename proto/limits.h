/* Limits of the protocol. Each is checked before decoding, and each has its error in PROTOCOL.md. */
#ifndef BB_LIMITS_H
#define BB_LIMITS_H

#define BB_LIMIT_FRAME_BYTES (256u << 10) /* one frame on the public socket, either way */
/* The body in it: a part of an answer, a call, what is fanned out. */
#define BB_LIMIT_BODY_BYTES (BB_LIMIT_FRAME_BYTES - 128u)

#define BB_LIMIT_ENROL_BYTES     1024u      /* one frame at the enrolment endpoint */
#define BB_LIMIT_BUNDLE_FRAMES   4096u      /* frames in a bundle */
#define BB_LIMIT_DECODE_BYTES    (8u << 20) /* memory for decoding one message */
#define BB_LIMIT_SUBMISSION_ROWS 10000u
#define BB_LIMIT_SUBMISSION_BYTES                                                                            \
    (192u << 10) /* body of a submission; its journal entry stays below 512 KiB */
#define BB_LIMIT_ENTRY_BYTES        (512u << 10) /* a journal entry */
#define BB_LIMIT_PART_BYTES         (128u << 10) /* aim for the body of one reply part */
#define BB_LIMIT_WINDOW_BYTES       (4u << 20)   /* reply window of a request */
#define BB_LIMIT_OUTSTANDING        1024u        /* open requests a connection */
#define BB_LIMIT_TIMEOUT_MS         600000u      /* longest deadline of a request */
#define BB_LIMIT_TIMEOUT_DEFAULT_MS 30000u
#define BB_LIMIT_WORKER_FRAME_BYTES (1u << 20) /* one frame on the worker socket */

#define BB_LIMIT_CODE_BYTES           128u /* letters, digits, '_', '.', '-'; first a letter or digit */
#define BB_LIMIT_NAME_BYTES           300u /* UTF-8 */
#define BB_LIMIT_PLACE_BYTES          200u /* a place nobody registered */
#define BB_LIMIT_DISAGGREGATION_BYTES 300u
#define BB_LIMIT_COMMENT_BYTES        2000u
#define BB_LIMIT_NOTE_BYTES           500u  /* why a submission corrects what was there */
#define BB_LIMIT_TEXT_BYTES           4000u /* definitions */
#define BB_LIMIT_ALIASES              64u   /* of one organization or place */
#define BB_LIMIT_MEMBERS              64u   /* of one organization */
#define BB_LIMIT_INVITATIONS          64u   /* of one organization, used ones included */
#define BB_LIMIT_PARTNER_INDICATORS   256u  /* that one organization takes part in */
#define BB_LIMIT_TARGETS              100u  /* of one indicator */
#define BB_LIMIT_RULES                1000u /* between indicators, removed ones included */
#define BB_LIMIT_REVIEW_UNITS         500u  /* that one request reviews */
#define BB_LIMIT_PLACES_QUERY         1000u /* --place given in one trend */
#define BB_LIMIT_INDICATORS_QUERY     1000u /* named in one question for progress */

#define BB_LIMIT_MESSAGE_BYTES       (64u << 10) /* body of a message */
#define BB_LIMIT_SUBJECT_BYTES       300u
#define BB_LIMIT_AUDIENCE            256u /* channels that one message is addressed to */
#define BB_LIMIT_CHANNEL_BYTES       (BB_LIMIT_CODE_BYTES + 10u) /* "indicator/" and a code */
#define BB_LIMIT_FILTER              256u                        /* channels of a subscription */
#define BB_LIMIT_SUBSCRIPTIONS       64u                         /* of one connection */
#define BB_LIMIT_SUBSCRIPTION_WINDOW (4u << 20)
#define BB_LIMIT_CALLS               64u /* open calls of a worker */

#define BB_ROUTING_ID_BYTES 17u /* 0x01 and 16 random bytes */
#define BB_KEY_TEXT_BYTES   40u /* a CURVE key in Z85 */
#define BB_BATCH_BYTES      16u /* UUIDv7 */
#define BB_CURVE_BYTES      33u /* what encryption adds to a frame (RFC 26, MESSAGE) */

#endif
