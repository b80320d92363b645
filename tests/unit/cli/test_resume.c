/* The command that takes an import up again, as a shell reads it. */
#include "client/cli/resume.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what;
    const char *called[6];
    size_t n_words;
    const char *batch;
    const char *expected;
} cases[] = {
    {"plain", {"backbone", "import", "a.csv"}, 2, "B", "backbone import --batch B a.csv"},
    {"none is added", {"backbone", "import", "a.csv"}, 2, NULL, "backbone import a.csv"},
    {"options in front", {"bb", "-o", "json", "import", "-"}, 4, "B", "bb -o json import --batch B -"},
    {"in front of --", {"backbone", "import", "--", "-a"}, 2, "B", "backbone import --batch B -- -a"},
    {"blank", {"backbone", "import", "a b.csv"}, 2, "B", "backbone import --batch B 'a b.csv'"},
    {"quote", {"backbone", "import", "it's"}, 2, "B", "backbone import --batch B 'it'\\''s'"},
    {"empty", {"backbone", "import", ""}, 2, "B", "backbone import --batch B ''"},
    {"of the shell", {"backbone", "import", "$a*"}, 2, "B", "backbone import --batch B '$a*'"},
    {"home", {"backbone", "import", "~/a"}, 2, "B", "backbone import --batch B '~/a'"},
};

static void
test_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *command =
            bb_resume_command((char *const *)(uintptr_t)cases[i].called, cases[i].n_words, cases[i].batch);
        assert_non_null(command);
        check_text(command, cases[i].expected, cases[i].what);
        free(command);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_command)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
