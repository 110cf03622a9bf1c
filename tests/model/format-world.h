#pragma once

/*
 * A picture at random, of everything that may be said; and what is lost on the way through a format
 */

#include <string.h>

#include "formats/field.h"

#include "chance.h"

enum { WORLD_RECORDS_MAX = 60, WORLD_LOSSES_MAX = 4096 };

typedef struct World {
        Chance *chance;
        FormatPicture *picture; /* keeps strings, and refuses what nobody may say */
        bool plain;             /* no characters that some format cannot have */
} World;

static const char *world_text(World *world, unsigned n_most)
{
        static const char *const pieces[] = {
                "vol", " ",      "; ", "\\",           "=",     ",", "\"", "<&>'", "é", "\n",
                "\r",  "text: ", "\t", "\xe2\x82\xac", "until "
        };
        char text[600] = "";
        unsigned n = 1 + chance_below(world->chance, 6);

        for (unsigned i = 0; i < n; i++)
                strcat(text, pieces[chance_below(world->chance, N_ELEMENTS(pieces))]);
        if (!world->plain && chance_percent(world->chance, 10))
                strcat(text, chance_percent(world->chance, 50) ? "\x01" : "\xef\xbf\xbe");
        if (strlen(text) > n_most)
                strcpy(text, "kort");
        return format_keep(world->picture, text, strlen(text));
}

static int64_t world_time(World *world)
{
        return 1700000000000 + (int64_t)chance_below(world->chance, 4) * 1000001;
}

static bool world_often(World *world)
{
        return chance_percent(world->chance, 40);
}

static uint32_t world_care(World *world)
{
        return chance_percent(world->chance, 5) ? 99 : 1 + chance_below(world->chance, 34);
}

static void world_counts(World *world, PlekCounts *counts)
{
        counts->care = world_care(world);
        for (size_t i = PLEK_COUNT_PHYSICAL; i < PLEK_N_COUNT_FIELDS; i++) {
                counts->present[i] = world_often(world);
                if (counts->present[i])
                        counts->value[i] = (int32_t)chance_below(world->chance, 30);
                else if (chance_percent(world->chance, 20))
                        counts->missing[i] = (uint8_t)(1 + chance_below(world->chance, 3));
        }
}

static void world_door(World *world, PlekDoor *door)
{
        door->state = 1 + chance_below(world->chance, 5);
        if (world_often(world))
                door->care = chance_percent(world->chance, 50) ? PLEK_CARE_ED : world_care(world);
        if (chance_percent(world->chance, 20))
                door->patient_group = 1 + chance_below(world->chance, 6);
        if (chance_percent(world->chance, 20))
                door->urgency = chance_below(world->chance, 6);
        if (chance_percent(world->chance, 20)) {
                door->plan = 1 + chance_below(world->chance, 3);
                door->starts_at_ms = world_time(world);
                door->ends_at_ms = door->starts_at_ms + 1 + chance_below(world->chance, 99999);
        } else if (world_often(world)) {
                door->ends_at_ms = world_time(world);
        }
        while (chance_percent(world->chance, 30) && door->n_exceptions < 5)
                door->exceptions[door->n_exceptions++] = 1 + chance_below(world->chance, 9);
        if (world_often(world))
                door->reason = 1 + chance_below(world->chance, 15);
        if (world_often(world))
                door->text = world_text(world, 280);
        if (world_often(world))
                door->authorised_by = world_text(world, 64);
        if (world_often(world))
                door->review_at_ms = world_time(world);
        if (!door->plan)
                door->on_expiry = chance_below(world->chance, 4);
}

static void world_pressure(World *world, PlekPressure *pressure)
{
        static const char *const names[] = { "patients", "boarders", "ed-beds" };

        pressure->method = chance_percent(world->chance, 50) ? "nedocs" : "mnedocs";
        pressure->has_score = world_often(world);
        if (pressure->has_score)
                pressure->score = (double)chance_below(world->chance, 2000) / 7;
        for (size_t i = 0; i < chance_below(world->chance, 4); i++)
                pressure->inputs[pressure->n_inputs++] =
                        (PlekPressureInput){ names[i % 3],
                                             (double)chance_below(world->chance, 1000) / 3 };
}

static void world_card(World *world, PlekLocationCard *card)
{
        card->name = world_text(world, 128);
        card->kind = chance_percent(world->chance, 50) ? "V6" : "N6";
        card->has_position = world_often(world);
        if (card->has_position) {
                card->latitude_e7 = (int32_t)chance_below(world->chance, 1800000001) - 900000000;
                card->longitude_e7 =
                        (int32_t)((int64_t)chance_below(world->chance, 3600000001) - 1800000000);
        }
        while (world_often(world) && card->n_contacts < 3)
                card->contacts[card->n_contacts++] =
                        (PlekContact){ world_text(world, 64), "+31 88 000 0200",
                                       chance_percent(world->chance, 20) ? PLEK_CARE_ED : 0 };
        if (world_often(world)) {
                card->hours = "Mo-Fr 08:00-17:00; Sa 09:00-12:00";
                card->time_zone = "Europe/Amsterdam";
        }
        if (world_often(world))
                card->identifiers[card->n_identifiers++] = (PlekIdentifier){ "agb", "06010101" };
        if (world_often(world))
                card->identifiers[card->n_identifiers++] = (PlekIdentifier){ "local", "V_1" };
}

static void world_offering(World *world, PlekOffering *offering)
{
        offering->care = world_care(world);
        offering->plan = chance_below(world->chance, 3);
        offering->not_offered = world_often(world);
        if (world_often(world))
                offering->level = "2";
        if (world_often(world))
                offering->hours = "24/7";
        if (offering->plan || world_often(world))
                offering->holds_from_ms = world_time(world);
        if (world_often(world))
                offering->holds_until_ms = world_time(world) + 86400000;
}

/* One record; it may be one that nobody may say. */
static void world_record(World *world, FormatRecord *ret_record)
{
        static const PlekReportKind kinds[] = { PLEK_REPORT_COUNTS,   PLEK_REPORT_COUNTS,
                                                PLEK_REPORT_DOOR,     PLEK_REPORT_DOOR,
                                                PLEK_REPORT_PRESSURE, PLEK_REPORT_CARD,
                                                PLEK_REPORT_OFFERING };
        static const char *const locations[] = { "duinzicht", "Post_1.a-b", "34" };
        PlekReport *report = &ret_record->report;
        PlekReportKind kind = kinds[chance_below(world->chance, N_ELEMENTS(kinds))];

        memset(ret_record, 0, sizeof(*ret_record));
        field_report_init(report, kind);
        if (chance_percent(world->chance, 90))
                ret_record->party = chance_percent(world->chance, 50) ? "party-a" : "b.c";
        if (chance_percent(world->chance, 5))
                report->status = PLEK_STATUS_EXERCISE;
        report->audience = chance_below(world->chance, 4);
        report->location = locations[chance_below(world->chance, 3)];
        report->source = chance_below(world->chance, 5);
        report->observed_at_ms = world_time(world);
        report->valid_for_s = world_often(world) ? 900 : 0;
        if (world_often(world))
                report->definition = "divi-2020";
        if (world_often(world) && kind != PLEK_REPORT_CARD && kind != PLEK_REPORT_OFFERING)
                report->unit = chance_percent(world->chance, 50) ? "ic-2" : "Afd_B";
        if (world_often(world))
                report->label = world_text(world, 128);
        if (kind == PLEK_REPORT_COUNTS)
                world_counts(world, &report->counts);
        else if (kind == PLEK_REPORT_DOOR)
                world_door(world, &report->door);
        else if (kind == PLEK_REPORT_PRESSURE)
                world_pressure(world, &report->pressure);
        else if (kind == PLEK_REPORT_CARD)
                world_card(world, &report->card);
        else
                world_offering(world, &report->offering);
}

/* ------------------------------------------------------------------ losses */

/* As text: "ID FIELD", or "ID" alone for all of a record. */
typedef struct Losses {
        char *texts[WORLD_LOSSES_MAX];
        size_t n;
} Losses;

static void losses_add(Losses *losses, const FormatRecord *record, const char *field)
{
        char id[FORMAT_ID_BYTES], *text;

        format_id(record, id);
        must(asprintf(&text, "%s%s%s", id, field ? " " : "", field ? field : "") < 0);
        for (size_t i = 0; i < losses->n; i++)
                if (!strcmp(losses->texts[i], text)) {
                        free(text);
                        return;
                }
        assert(losses->n < WORLD_LOSSES_MAX);
        losses->texts[losses->n++] = text;
}

static int losses_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void losses_sort(Losses *losses)
{
        qsort(losses->texts, losses->n, sizeof(losses->texts[0]), losses_compare);
}

static void losses_clear(Losses *losses)
{
        while (losses->n)
                free(losses->texts[--losses->n]);
}
