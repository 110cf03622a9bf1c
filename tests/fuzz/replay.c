/*
 * Replay: runs a fuzz target over the files of a folder
 *
 * What libFuzzer once found stays found: every build runs every saved input. An empty or missing
 * folder fails, since a target that replays nothing tests nothing.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void closedirp(DIR **dir)
{
        if (*dir)
                closedir(*dir);
}

static void fclosep(FILE **file)
{
        if (*file)
                fclose(*file);
}

/* The target sees exactly as many bytes as the file has, so that a read past them is found. */
static int replay_file(const char *path)
{
        CLEANUP(fclosep) FILE *file = NULL;
        CLEANUP(freep) uint8_t *bytes = NULL;
        long n_bytes;

        file = fopen(path, "rb");
        if (!file || fseek(file, 0, SEEK_END) < 0)
                return -1;
        n_bytes = ftell(file);
        if (n_bytes < 0)
                return -1;
        rewind(file);

        bytes = malloc(n_bytes ? (size_t)n_bytes : 1);
        if (!bytes || fread(bytes, 1, (size_t)n_bytes, file) != (size_t)n_bytes)
                return -1;

        LLVMFuzzerTestOneInput(bytes, (size_t)n_bytes);
        return 0;
}

static int replay_folder(const char *folder)
{
        CLEANUP(closedirp) DIR *dir = NULL;
        char path[4096];
        unsigned n_replayed = 0;

        dir = opendir(folder);
        if (!dir) {
                fprintf(stderr, "%s: %m\n", folder);
                return -1;
        }

        for (const struct dirent *entry; (entry = readdir(dir));) {
                if (entry->d_name[0] == '.')
                        continue;
                if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
                    (int)sizeof(path))
                        return -1;
                if (replay_file(path) < 0) {
                        fprintf(stderr, "%s: %m\n", path);
                        return -1;
                }
                n_replayed++;
        }

        printf("%u inputs replayed\n", n_replayed);
        return n_replayed ? 0 : -1;
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
                return 2;
        }
        return replay_folder(argv[1]) < 0 ? 1 : 0;
}
