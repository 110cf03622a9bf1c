/*
 * What follows from a closure, for people
 */

#include "impact-text.h"

#include <stdio.h>

#include "door-words.h"
#include "place-json.h"
#include "text.h"
#include "when.h"

enum { MOVES_SHOWN = 30 };

static void add_distance(Text *text, const PlekImpact *impact, double distance)
{
        if (distance < 0)
                text_add(text, "?");
        else if (impact->by_travel_time)
                text_add(text, "%.0f min", distance);
        else
                text_add(text, "%.1f km", distance / 1000);
}

static void add_free(Text *text, const PlekImpactPlace *shown, Language language)
{
        char age[DURATION_TEXT_BYTES];

        if (!shown->n_units && !shown->n_units_unknown &&
            shown->counts_withdrawn_ms != PLEK_NO_TIME) {
                withdrawn_places_words(shown->counts_withdrawn_ms, language, text);
                return;
        }
        if (!shown->n_units) {
                text_add(text, "%s", word(language, "places: not said"));
                return;
        }
        duration_format(shown->oldest_ms, age);
        text_add(text, "%lld %s, %s%s", (long long)shown->free, word(language, "free"), age,
                 shown->has_stale ? " ~" : "");
        if (shown->n_units_unknown)
                text_add(text, ", %zu %s %s", shown->n_units_unknown, word(language, "units"),
                         word(language, "unknown"));
}

static void add_door(Text *text, const PlekImpactPlace *shown, Language language)
{
        char when[WHEN_TEXT_BYTES];
        const char *standing;

        if (shown->door_why)
                unknown_door_words(shown->door_why, shown->door_since_ms, language, text);
        else
                text_add(text, "%s", label(PLEK_CODES_DOOR_STATE, shown->door_state, language));
        standing = door_standing_words(shown->door_state, PLEK_DOOR_KNOWN, shown->door_standing,
                                       language);
        if (standing)
                text_add(text, " (%s)", standing);
        for (size_t i = 0; i < shown->n_door_exceptions; i++)
                text_add(text, "%s%s %s", i ? "," : " ", i ? "" : word(language, "except"),
                         label(PLEK_CODES_EXCEPTION, shown->door_exceptions[i], language));
        narrower_words(shown->door_narrower, shown->n_door_narrower, language, text);
        if (!shown->plan_state)
                return;
        when_format(shown->plan_starts_at_ms, when);
        text_add(text, ", %s %s: %s", word(language, "from"), when,
                 label(PLEK_CODES_DOOR_STATE, shown->plan_state, language));
}

static void add_load(Text *text, double per_hour, double in_all, Language language)
{
        char part[64];
        Text piece = { part, sizeof(part) };

        *part = '\0';
        if (per_hour >= 0)
                text_add(&piece, "+%.1f/h", per_hour);
        if (in_all >= 0)
                text_add(&piece, " (%.0f %s)", in_all, word(language, "in all"));
        text_add_padded(text, part, 22);
}

/* Free places, whom to call, and the door when it begins. */
static void add_details(Text *text, const PlekImpactPlace *shown, Language language)
{
        char part[160];
        Text piece = { part, sizeof(part) };

        *part = '\0';
        add_free(&piece, shown, language);
        text_add_padded(text, part, 20);
        if (shown->contact)
                text_add(text, "%s %s  ", shown->contact->phone, shown->contact->function);
        add_door(text, shown, language);
}

static void say_receiver(const PlekImpact *impact, const PlekImpactPlace *shown, Language language)
{
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        *line = '\0';
        text_add(&text, "  %5.1f %%  ", shown->share * 100);
        text_add_padded(&text, place_name(shown->place), 32);
        if (impact->has_load)
                add_load(&text, shown->load_per_hour, shown->load_in_all, language);
        add_details(&text, shown, language);
        puts(line);
}

static void say_other(const PlekImpactPlace *shown, PlekImpactWhy why, const char *indent,
                      Language language)
{
        static const char *const words[] = {
                [PLEK_IMPACT_DOOR] = "closed, stop",
                [PLEK_IMPACT_NOT_OFFERED] = "does not give this care now",
                [PLEK_IMPACT_SHUT] = "outside its hours",
                [PLEK_IMPACT_DISTRUSTED] = "distrusted",
                [PLEK_IMPACT_WITHDRAWN] = "withdrawn",
                [PLEK_IMPACT_NOWHERE] = "nobody says where it is",
        };
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        if (why <= PLEK_IMPACT_CLOSES)
                return;
        *line = '\0';
        text_add(&text, "%s%s: %s (%s)", indent, word(language, "takes nobody"),
                 place_name(shown->place), word(language, words[why]));
        puts(line);
}

static bool is_given_elsewhere(const PlekImpact *impact)
{
        for (size_t i = 0; i < impact->n_places; i++)
                if (impact->places[i].why != PLEK_IMPACT_CLOSES)
                        return true;
        return false;
}

static void say_moves(const PlekImpact *impact, const PlekImpactPart *part, const ImpactView *view)
{
        Language language = view->language;
        size_t n = view->all ? part->n_moves : MIN(part->n_moves, (size_t)MOVES_SHOWN);

        for (size_t i = 0; i < n; i++) {
                const PlekImpactMove *move = &part->moves[i];
                char line[TEXT_COLUMNS_MAX];
                Text text = { line, sizeof(line) };

                *line = '\0';
                text_add(&text, "    %c ", move->is_beyond && !move->was_beyond ? '!' : ' ');
                text_add_padded(&text, move->area->name ? move->area->name : move->area->id, 28);
                add_distance(&text, impact, move->before);
                text_add(&text, " -> ");
                if (move->to) {
                        add_distance(&text, impact, move->after);
                        text_add(&text, "  %s", place_name(move->to->place));
                } else {
                        text_add(&text, "%s", word(language, "nowhere can be reached"));
                }
                puts(line);
        }
        if (n < part->n_moves)
                printf("    ... %zu (--all)\n", part->n_moves - n);
}

static bool takes_at_times(const PlekImpact *impact, size_t i)
{
        for (size_t p = 0; p < impact->n_parts; p++)
                if (impact->parts[p].shares[i].why == PLEK_IMPACT_TAKES)
                        return true;
        return false;
}

static void say_period(const PlekImpactPart *part, Language language)
{
        char line[TEXT_COLUMNS_MAX], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        *line = '\0';
        when_format(part->from_ms, when);
        text_add(&text, "  %s %s", word(language, "from"), when);
        if (part->to_ms != PLEK_NO_TIME) {
                when_format(part->to_ms, when);
                text_add(&text, " %s %s", word(language, "until"), when);
        }
        text_add(&text, ":");
        puts(line);
}

/* Of a closure without an end the whole does not show who takes over later. */
static void say_share(const PlekImpact *impact, const PlekImpactPlace *shown,
                      const PlekImpactShare *share, Language language)
{
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        *line = '\0';
        text_add(&text, "    %5.1f %%  ", share->share * 100);
        text_add_padded(&text, place_name(shown->place), 30);
        if (impact->has_load)
                add_load(&text, share->load_per_hour, share->load_in_all, language);
        if (!shown->n_areas)
                add_details(&text, shown, language);
        puts(line);
}

/* Who takes over in one part, and who then does not any more or not yet. */
static void say_part(const PlekImpact *impact, const PlekImpactPart *part, const ImpactView *view)
{
        Language language = view->language;

        say_period(part, language);
        if (!part->n_moves)
                printf("    %s\n", word(language, "no area is served by it"));
        for (size_t i = 0; i < impact->n_places; i++)
                if (part->shares[i].n_areas)
                        say_share(impact, &impact->places[i], &part->shares[i], language);
        for (size_t i = 0; i < impact->n_places; i++)
                if (takes_at_times(impact, i))
                        say_other(&impact->places[i], part->shares[i].why, "    ", language);
        say_moves(impact, part, view);
}

static void say_head(const PlekImpact *impact, const ImpactView *view, uint32_t care)
{
        Language language = view->language;
        char line[TEXT_COLUMNS_MAX], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        *line = '\0';
        for (size_t i = 0; i < impact->n_places; i++)
                if (impact->places[i].why == PLEK_IMPACT_CLOSES)
                        text_add(&text, "%s, %s %s", label(PLEK_CODES_CARE, care, language),
                                 place_name(impact->places[i].place),
                                 word(language, "if it closes"));
        when_format(impact->from_ms, when);
        text_add(&text, " %s %s", word(language, "from"), when);
        if (impact->to_ms != PLEK_NO_TIME) {
                when_format(impact->to_ms, when);
                text_add(&text, " %s %s", word(language, "until"), when);
        }
        text_add(&text, "%s", status_mark(view->status, language));
        puts(line);
        printf("  %s; ", word(language, impact->by_travel_time ? "by the travel times given"
                                                               : "as the crow flies"));
        if (impact->own_points)
                printf("%s", word(language, "the places' own points are the areas"));
        else
                printf("%zu %s", impact->n_areas, word(language, "areas"));
        if (!impact->has_load)
                printf("; %s", word(language, "the load is not given"));
        else if (impact->load_is_of_flows)
                printf("; %.1f/h %s %d %s", impact->load_per_hour,
                       word(language, "by its own flows of"), PLEK_IMPACT_LOAD_DAYS,
                       word(language, "days"));
        if (impact->n_load_withheld)
                printf("; %s %zu %s", word(language, "and what"), impact->n_load_withheld,
                       word(language, impact->n_load_withheld == 1
                                              ? "report does not say how many"
                                              : "reports do not say how many"));
        putchar('\n');
}

void impact_say(const PlekImpact *impact, const ImpactView *view, uint32_t care)
{
        Language language = view->language;

        say_head(impact, view, care);
        if (impact->n_parts == 1 && !impact->n_moves)
                printf("  %s\n", word(language, "no area is served by it"));
        for (size_t i = 0; i < impact->n_places && impact->places[i].n_areas; i++)
                say_receiver(impact, &impact->places[i], language);
        for (size_t i = 0; i < impact->n_places; i++)
                if (!takes_at_times(impact, i))
                        say_other(&impact->places[i], impact->places[i].why, "  ", language);
        if (!is_given_elsewhere(impact))
                printf("  %s\n", word(language, "nobody else gives it"));
        if (impact->n_parts == 1)
                say_moves(impact, &impact->parts[0], view);
        for (size_t i = 0; impact->n_parts > 1 && i < impact->n_parts; i++)
                say_part(impact, &impact->parts[i], view);
        if (impact->has_more_parts)
                printf("  %s\n", word(language, "more changes are announced than are shown"));
        if (view->beyond > 0)
                printf("  %s %g %s: %zu %s (%g)\n", word(language, "then beyond"),
                       impact->by_travel_time ? view->beyond : view->beyond / 1000,
                       impact->by_travel_time ? "min" : "km", impact->n_newly_beyond,
                       word(language, "areas"), impact->weight_newly_beyond);
        if (impact->n_out_of_reach)
                printf("  %s: %zu\n", word(language, "out of reach before, too"),
                       impact->n_out_of_reach);
}
