#pragma once

/*
 * How a call stands, for a person: a table, redrawn in place in a terminal
 */

#include "plek/plek.h"

#include "command.h"

typedef struct CallTable {
        Language language;
        bool is_terminal;
        size_t n_drawn; /* lines on the screen that are to be drawn over */
} CallTable;

/* In a terminal at each change; elsewhere only once it is final. */
void call_table_show(CallTable *table, const PlekCallProgress *call);

/* One object. */
void call_json(const PlekCallProgress *call);

/* "ASKED" */
const char *call_state_name(PlekCallState state);
