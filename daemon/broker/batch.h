#pragma once

/*
 * Batch: one commit, from admission to receipts
 */

#include "broker/pipeline.h"

enum { BATCH_BYTES = 4 * 1024 * 1024 }; /* what one of the largest kind needs on the disk */

/*
 * Admits what the pipeline put into its batch. What needs to be durable goes to the commit thread;
 * a batch of nothing but refusals is answered at once.
 */
MUST_CHECK int batch_start(Pipeline *pipeline);
/* A commit of rows alone, if it is time for one. */
MUST_CHECK int batch_start_checkpoint(Pipeline *pipeline);
/* Looks whether there is room on the disk again. */
MUST_CHECK int batch_start_probe(Pipeline *pipeline);
void batch_deinit(Batch *batch);

/* Called back by a batch that has ended. */
MUST_CHECK int pipeline_go_on(Pipeline *pipeline);
