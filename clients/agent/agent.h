#pragma once

/*
 * Kinds of feed: one file each, found through the table in main.c
 */

#include "plek/command.h"

int agent_csv(int argc, char **argv);
