#include "wire/block.h"
#include "wire/update.h"

/*
 * What is staffed and nobody's; false if that cannot be known. Reserved and blocked are none where
 * nobody counts them; where somebody does and does not say, there is no answer.
 */
static bool free_of_staffed(const Counts *counts, int64_t *ret_free)
{
        static const CountField taken[] = { COUNT_OCCUPIED, COUNT_RESERVED, COUNT_BLOCKED };
        int64_t left;

        if (!counts->present[COUNT_STAFFED] || !counts->present[COUNT_OCCUPIED])
                return false;

        left = counts->value[COUNT_STAFFED];
        for (size_t i = 0; i < N_ELEMENTS(taken); i++) {
                if (counts->present[taken[i]])
                        left -= counts->value[taken[i]];
                else if (counts->missing[taken[i]] &&
                         counts->missing[taken[i]] != PLEK_MISSING_NOT_ASKED)
                        return false;
        }

        /* Fuller than full has no room, not less than none; OVERCROWDED says the rest. */
        *ret_free = MAX(left, 0);
        return true;
}

bool counts_available(const Counts *counts, int32_t *ret_available, bool *ret_computed)
{
        int64_t computed;

        if (counts->present[COUNT_AVAILABLE]) {
                *ret_available = counts->value[COUNT_AVAILABLE];
                *ret_computed = false;
                return true;
        }

        /* Withheld is withheld: it is not for us to work it out again. */
        if (counts->missing[COUNT_AVAILABLE] == PLEK_MISSING_SUPPRESSED ||
            !free_of_staffed(counts, &computed))
                return false;

        *ret_available = (int32_t)computed;
        *ret_computed = true;
        return true;
}

uint32_t counts_flags(const Counts *counts)
{
        uint32_t flags = 0;
        int64_t computed;

        if (counts->present[COUNT_STAFFED] && counts->present[COUNT_OCCUPIED] &&
            counts->value[COUNT_OCCUPIED] > counts->value[COUNT_STAFFED])
                flags |= ENTRY_OVERCROWDED;
        if (counts->present[COUNT_AVAILABLE] && free_of_staffed(counts, &computed) &&
            counts->value[COUNT_AVAILABLE] > computed)
                flags |= ENTRY_INCONSISTENT;
        return flags;
}
