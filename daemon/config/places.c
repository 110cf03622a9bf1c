#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

const char *config_key_trouble(int result)
{
        switch (result) {
        case KEY_E_TEXT:
                return "this is not a secret key; `plek key new` makes one";
        case KEY_E_MODE:
                return "others may read this secret; `chmod 600` it";
        default:
                return strerror(-result);
        }
}

static void complain(ConfigComplaints *complaints, const char *name, const char *place,
                     const char *trouble, const char *next)
{
        size_t n_room = sizeof(complaints->text) - complaints->n_text;
        int n = snprintf(complaints->text + complaints->n_text, n_room, "%s: %s: %s%s\n", name,
                         place, trouble, next);

        complaints->n_complaints++;
        complaints->n_text += (size_t)MIN(MAX(n, 0), (int)n_room - 1);
}

static void check_key(const Config *config, ConfigComplaints *complaints)
{
        CLEANUP(secret_key_freep) SecretKey *key = NULL;
        int r;

        r = secret_key_load(&key, config->key);
        if (r)
                complain(complaints, "key", config->key, config_key_trouble(r),
                         r == -ENOENT ? ". `plek key new` makes one; `key` names another place"
                                      : "");
}

/* What the daemon makes itself needs the place where it is made. */
static void check_parent(const char *name, const char *path, ConfigComplaints *complaints)
{
        CLEANUP(freep) char *parent = strdup(path);
        char *slash = parent ? strrchr(parent, '/') : NULL;
        struct stat status;

        if (!slash || slash == parent)
                return;
        *slash = '\0';
        if (stat(parent, &status))
                complain(complaints, name, path, strerror(errno), ": the directory above it");
        else if (!S_ISDIR(status.st_mode))
                complain(complaints, name, path, "what is above it is no directory", "");
}

static void check_directory(const Config *config, ConfigComplaints *complaints)
{
        struct stat status;

        if (stat(config->directory, &status) && errno == ENOENT)
                check_parent("directory", config->directory, complaints);
        else if (!stat(config->directory, &status) && !S_ISDIR(status.st_mode))
                complain(complaints, "directory", config->directory, "this is no directory", "");
}

bool config_directory_is_others(const Config *config, char *ret_text, size_t n_text)
{
        uid_t us = geteuid();
        struct stat status;

        if (stat(config->directory, &status))
                return false;
        if (status.st_mode & (S_IWGRP | S_IWOTH)) {
                snprintf(ret_text, n_text,
                         "directory: %s: others may write here (mode %04o), and so change the "
                         "ledger; `chmod go-w` it",
                         config->directory, status.st_mode & 07777);
                return true;
        }
        /* Root may look at the settings of a service that runs as somebody else. */
        if (us && status.st_uid != us) {
                snprintf(ret_text, n_text,
                         "directory: %s: this is user %u's, and plekd runs as user %u; `chown` it",
                         config->directory, (unsigned)status.st_uid, (unsigned)us);
                return true;
        }
        return false;
}

int config_check_places(const Config *config, ConfigComplaints *complaints)
{
        check_key(config, complaints);
        check_directory(config, complaints);
        if (config->open_document)
                check_parent("open-document", config->open_document, complaints);
        return complaints->n_complaints ? CONFIG_E_REFUSED : 0;
}
