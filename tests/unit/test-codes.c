#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/codes.h"
#include "wire/update.h"

/* What plek.proto calls each list: its enum, and what its members begin with. */
static const struct {
        const char *enumeration;
        const char *prefix;
} proto_names[N_CODE_LISTS] = {
        [CODES_STATUS] = { "Status", "STATUS_" },
        [CODES_AUDIENCE] = { "Audience", "AUDIENCE_" },
        [CODES_LANE] = { "Lane", "LANE_" },
        [CODES_SOURCE] = { "Source", "SOURCE_" },
        [CODES_DOOR_STATE] = { "DoorState", "DOOR_" },
        [CODES_EXCEPTION] = { "Exception", "EXCEPTION_" },
        [CODES_REASON] = { "Reason", "REASON_" },
        [CODES_ON_EXPIRY] = { "OnExpiry", "ON_EXPIRY_" },
        [CODES_MISSING] = { "MissingWhy", "MISSING_" },
        [CODES_PATIENT_GROUP] = { "PatientGroup", "GROUP_" },
        [CODES_CARE] = { "Care", "CARE_" },
        [CODES_ROLE] = { "Role", "ROLE_" },
        [CODES_REFUSAL] = { "RefusalCode", "REFUSED_" },
        [CODES_WITHDRAWN] = { "WithdrawnCause", "WITHDRAWN_" },
};

static char *proto_text(void)
{
        char *text = calloc(1, 256 * 1024);
        FILE *file = fopen("proto/plek.proto", "r");

        assert_non_null(file);
        assert_true(fread(text, 1, 256 * 1024 - 1, file) > 1000);
        fclose(file);
        return text;
}

/* Walks the members of an enum in plek.proto's text and finds each in our list. */
static size_t compare_enum(const char *text, CodeList list)
{
        char start[64], name[64];
        const char *at, *end;
        size_t n_members = 0;
        unsigned code;
        int n;

        snprintf(start, sizeof(start), "\nenum %s {\n", proto_names[list].enumeration);
        at = strstr(text, start);
        assert_non_null(at);
        at += strlen(start);
        end = strstr(at, "\n}");

        for (; at < end; at = strchr(at, '\n') + 1) {
                if (sscanf(at, " %63[A-Z0-9_] = %u;%n", name, &code, &n) != 2)
                        fail_msg("not a member: %.40s", at);
                assert_memory_equal(name, proto_names[list].prefix,
                                    strlen(proto_names[list].prefix));
                assert_int_equal(code_nth(list, n_members), code);
                assert_non_null(code_name(list, code));
                assert_string_equal(code_name(list, code), name + strlen(proto_names[list].prefix));
                n_members++;
        }
        return n_members;
}

static void test_every_list_is_that_of_the_schema(void **state)
{
        CLEANUP(freep) char *text = proto_text();

        for (CodeList list = 0; list < N_CODE_LISTS; list++) {
                size_t n_members;

                if (!proto_names[list].enumeration)
                        continue;
                n_members = compare_enum(text, list);
                assert_true(n_members >= 2);
                assert_int_equal(code_nth(list, n_members), 0);
        }
}

/* These two name fields, so their numbers stand in messages. */
static void test_field_lists_are_those_of_the_schema(void **state)
{
        static const struct {
                CodeList list;
                const char *message, *type;
        } messages[] = {
                { CODES_COUNT_FIELD, "\nmessage Counts {\n", "optional sint64 " },
                { CODES_REPORT, "    oneof body {\n", NULL },
        };
        CLEANUP(freep) char *text = proto_text();

        for (size_t i = 0; i < N_ELEMENTS(messages); i++) {
                const char *at = strstr(text, messages[i].message);
                uint32_t code;

                assert_non_null(at);
                for (size_t n = 0; (code = code_nth(messages[i].list, n)); n++) {
                        char member[64];

                        snprintf(member, sizeof(member), "%s%s = %u;",
                                 messages[i].type ? messages[i].type : "",
                                 code_name(messages[i].list, code), code);
                        at = strstr(at, member);
                        if (!at)
                                fail_msg("not in the schema: %s", member);
                }
        }
}

/* How the schema says it: reports and counts are fields there, in lower case. */
static void put_member(char *member, size_t n_member, const char *name, unsigned code)
{
        bool is_field = !strncmp(name, "REPORT_", 7) || !strncmp(name, "COUNT_", 6);

        snprintf(member, n_member, "%s = %u;", is_field ? strchr(name, '_') + 1 : name, code);
        for (; is_field && *member; member++)
                *member = (char)tolower((unsigned char)*member);
}

static void test_public_numbers_are_those_of_the_schema(void **state)
{
        CLEANUP(freep) char *text = proto_text();
        FILE *file = fopen("include/plek/codes.h", "r");
        char line[256], name[128], member[160];
        unsigned code, n_members = 0;

        assert_non_null(file);
        while (fgets(line, sizeof(line), file)) {
                if (sscanf(line, " PLEK_%127[A-Z0-9_] = %u,", name, &code) != 2)
                        continue;
                put_member(member, sizeof(member), name, code);
                if (!strstr(text, member))
                        fail_msg("not in the schema: %s", member);
                n_members++;
        }
        fclose(file);
        assert_true(n_members > 90);
        assert_int_equal(PLEK_COUNT_TRIAGE_BLACK, COUNT_TRIAGE_BLACK);
        assert_int_equal(PLEK_N_COUNT_FIELDS, N_COUNT_FIELDS);
}

static void test_names_are_read_back_whatever_their_case(void **state)
{
        uint32_t code;

        for (CodeList list = 0; list < N_CODE_LISTS; list++) {
                for (size_t n = 0; code_nth(list, n); n++) {
                        assert_int_equal(
                                code_parse(&code, list, code_name(list, code_nth(list, n))), 0);
                        assert_int_equal(code, code_nth(list, n));
                        assert_non_null(code_label(list, code, LANGUAGE_EN));
                        assert_non_null(code_label(list, code, LANGUAGE_NL));
                }
        }
        assert_int_equal(code_parse(&code, CODES_CARE, "icu-adult"), 0);
        assert_int_equal(code, PLEK_CARE_ICU_ADULT);
        assert_int_equal(code_parse(&code, CODES_COUNT_FIELD, "SURGE-24H"), 0);
        assert_int_equal(code, COUNT_SURGE_24H);
}

static void test_open_lists_take_numbers_and_closed_ones_do_not(void **state)
{
        uint32_t code = 7;

        assert_int_equal(code_parse(&code, CODES_CARE, "4711"), 0);
        assert_int_equal(code, 4711);
        assert_null(code_name(CODES_CARE, 4711));
        assert_null(code_label(CODES_CARE, 4711, LANGUAGE_NL));
        assert_int_equal(code_parse(&code, CODES_STATUS, "1"), CODES_E_UNKNOWN);
        assert_int_equal(code_parse(&code, CODES_DOOR_STATE, "3"), CODES_E_UNKNOWN);
        assert_int_equal(code, 4711);
}

static void test_what_is_no_code_is_refused(void **state)
{
        static const char *const names[] = { "",         "ICU",        "ICU_ADULT ",           "0",
                                             "-1",       "4294967295", "99999999999999999999", "1x",
                                             "ICU ADULT" };
        uint32_t code;

        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                assert_int_equal(code_parse(&code, CODES_CARE, names[i]), CODES_E_UNKNOWN);
}

static void test_labels_are_what_people_here_say(void **state)
{
        assert_string_equal(code_label(CODES_CARE, PLEK_CARE_ED, LANGUAGE_NL), "SEH");
        assert_string_equal(code_label(CODES_CARE, PLEK_CARE_ED, LANGUAGE_EN), "ED");
        assert_string_equal(code_label(CODES_DOOR_STATE, PLEK_DOOR_RESTRICTED, LANGUAGE_NL),
                            "dreigende stop");
        assert_string_equal(code_label(CODES_REFUSAL, PLEK_REFUSED_REPLAY, LANGUAGE_NL), "REPLAY");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_list_is_that_of_the_schema),
                cmocka_unit_test(test_field_lists_are_those_of_the_schema),
                cmocka_unit_test(test_public_numbers_are_those_of_the_schema),
                cmocka_unit_test(test_names_are_read_back_whatever_their_case),
                cmocka_unit_test(test_open_lists_take_numbers_and_closed_ones_do_not),
                cmocka_unit_test(test_what_is_no_code_is_refused),
                cmocka_unit_test(test_labels_are_what_people_here_say),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
