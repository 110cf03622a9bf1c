/*
 * How long a door has been in a state, against a calendar that has each minute of it: after random
 * statements, ends and withdrawals the calendar is read backwards, until a break as long as the
 * pause
 */

#include <string.h>

#include "chance.h"
#include "core/runs.h"

enum {
        N_DOORS = 20000,
        N_NOTES = 7, /* no more are kept of one door to the letter */
        N_MINUTES = 1000,
};

typedef struct Calendar {
        uint8_t state[N_MINUTES];
        int now;
} Calendar;

static void say(Calendar *calendar, uint32_t state, int until)
{
        memset(calendar->state + calendar->now, 0, (size_t)(N_MINUTES - calendar->now));
        for (int minute = calendar->now; minute < until; minute++)
                calendar->state[minute] = (uint8_t)state;
}

static int begun(const Calendar *calendar, uint32_t state, int pause)
{
        int result = calendar->now, n_others = 0;

        for (int minute = calendar->now - 1; minute >= 0; minute--) {
                if (calendar->state[minute] == state) {
                        result = minute;
                        n_others = 0;
                } else if (++n_others >= pause) {
                        break;
                }
        }
        return result;
}

static void one_door(Chance *chance, size_t *n_found)
{
        static const uint32_t states[] = { 0, PLEK_DOOR_OPEN, PLEK_DOOR_STOP, PLEK_DOOR_STOP,
                                           PLEK_DOOR_CLOSED };
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey key = { .n_bytes = 1, .bytes = { 'a' } };
        Calendar calendar = { 0 };

        for (int i = 0; i < N_NOTES; i++) {
                uint32_t state = states[chance_below(chance, N_ELEMENTS(states))];
                int until = chance_percent(chance, 30)
                                    ? N_MINUTES
                                    : calendar.now + 1 + (int)chance_below(chance, 60);

                say(&calendar, state, MIN(until, (int)N_MINUTES));
                runs_note(&runs, &key, state, calendar.now,
                          until >= N_MINUTES ? TIME_ABSENT : until);
                calendar.now += 1 + (int)chance_below(chance, 60);

                for (state = PLEK_DOOR_STOP; state <= PLEK_DOOR_CLOSED; state++) {
                        int pause = (int)chance_below(chance, 40);
                        int64_t begun_ms;
                        bool found = runs_find(&runs, &key, state, pause, calendar.now, &begun_ms);

                        assert(begun_ms == begun(&calendar, state, pause));
                        assert(found == (begun_ms < calendar.now));
                        *n_found += found;
                }
        }
}

int main(int argc, char **argv)
{
        Chance chance = chance_new(argc, argv);
        size_t n_found = 0;

        for (int i = 0; i < N_DOORS; i++)
                one_door(&chance, &n_found);
        assert(n_found > N_DOORS / 10);
        printf("%d doors, %zu times in a run\n", N_DOORS, n_found);
        return 0;
}
