/* DHIS2: a data element is an indicator, an organisation unit a place, a combination of options a group. A
 * value that is deleted, or that is empty, withdraws what was there. The default combination is the total;
 * its identifier is the same everywhere (DHIS2 documentation, "Category option combos"). In ADX the
 * categories are attributes of their own names, and so dimensions; elsewhere what is not known is refused.
 *
 * organization, numerator, denominator, status and computed are what backbone export adds for its own sake.
 */
#include "builtin.h"

/* clang-format off */
#define DHIS2(others)                                                                                        \
    "{\"reading\": {"                                                                                        \
    "   \"indicator\": \"{dataElement}\", \"place\": \"{orgUnit}\", \"period\": \"{period}\","                 \
    "   \"organization\": \"{organization}\", \"value\": \"{value}\", \"comment\": \"{comment}\","             \
    "   \"numerator\": \"{numerator}\", \"denominator\": \"{denominator}\", \"status\": \"{status}\","         \
    "   \"disaggregation\": {\"categoryOptionCombo\": \"{categoryOptionCombo}\","                            \
    "                        \"attributeOptionCombo\": \"{attributeOptionCombo}\"}},"                        \
    " \"fields\": ["                                                                                         \
    "   {\"name\": \"categoryOptionCombo\", \"aliases\": {\"HllvX50cXC0\": \"\", \"default\": \"\"}},"         \
    "   {\"name\": \"attributeOptionCombo\", \"aliases\": {\"HllvX50cXC0\": \"\", \"default\": \"\"}}],"       \
    " \"trueValues\": [\"true\", \"True\", \"TRUE\", \"t\", \"T\"],"                                           \
    " \"falseValues\": [\"false\", \"False\", \"FALSE\", \"f\", \"F\"],"                                       \
    " \"withdraw\": [{\"column\": \"deleted\", \"pattern\": \"^([Tt]rue|TRUE|1)$\"},"                          \
    "                {\"column\": [\"value\", \"numerator\", \"status\"], \"empty\": true}],"                  \
    " \"drop\": {\"value\": [{\"column\": \"computed\", \"pattern\": \"^true$\"}]},"                           \
    " \"strategy\": \"{importStrategy}{strategy}\", \"dryRun\": \"{dryRun}\","                               \
    " \"aliases\": {\"strategy\": {\"NEW\": \"create\", \"CREATE\": \"create\", \"UPDATE\": \"update\","       \
    "   \"UPDATES\": \"update\", \"DELETE\": \"delete\", \"DELETES\": \"delete\","                             \
    "   \"NEW_AND_UPDATES\": \"upsert\", \"CREATE_AND_UPDATE\": \"upsert\"}},"                               \
    " \"known\": [\"place\"], \"parts\": [\"categoryOptionCombo\"],"                                         \
    " \"ignore\": [\"storedBy\", \"storedby\", \"created\", \"createdBy\", \"createdByUserInfo\","             \
    "   \"lastUpdated\", \"lastupdated\", \"lastUpdatedBy\", \"lastUpdatedByUserInfo\", \"timestamp\","      \
    "   \"followup\", \"followUp\", \"dataSet\", \"completeDate\", \"completedDate\", \"idScheme\","         \
    "   \"dataElementIdScheme\", \"orgUnitIdScheme\", \"categoryOptionComboIdScheme\","                      \
    "   \"attributeOptionComboIdScheme\", \"dataSetIdScheme\", \"categoryIdScheme\","                        \
    "   \"categoryOptionIdScheme\", \"exported\", \"dataSetComplete\", \"computed\", \"deleted\"],"          \
    " \"otherColumns\": \"" others "\"}"
/* clang-format on */

const char *
bb_builtin_map(enum bb_format format)
{
    switch (format) {
    case BB_FORMAT_DHIS2_JSON:
    case BB_FORMAT_DHIS2_CSV:
    case BB_FORMAT_XML:
        return DHIS2("refuse");
    case BB_FORMAT_ADX:
        return DHIS2("disaggregation");
    default:
        return NULL;
    }
}
